"""Scenes to draw from: a bounded store of which some are drawn anew at every step, each seen in any room.

Shapes: K pictures, S pixels of a side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from training.sights import people, shows
from training.sights.canvas import Camera, Picture
from training.sights.reel import Scene
from training.sights.rooms import room, taken

_MAKERS: Mapping[str, Callable[[np.random.Generator], tuple[Picture, Camera, Scene]]] = {
    **{"exercise": people.exercise, "act": people.act, "appear": shows.appear, "light": shows.light}
}
_SHARES = (0.34, 0.32, 0.22, 0.12)
_PEOPLE = ("exercise", "act")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reel:
    """layer: what is drawn before the room, colours multiplied by how much is covered."""

    layer_KSS4: Picture
    camera: Camera
    scene: Scene


@dataclass(slots=True)
class Reels:
    """At most `size` of them, some 2 MB each, and as many rooms; the oldest go first."""

    size: int
    _kept: list[Reel] = field(default_factory=list)
    _busy: list[Picture] = field(default_factory=list)
    _calm: list[Picture] = field(default_factory=list)

    def renew(self, rng: np.random.Generator, count: int) -> None:
        for _ in range(count):
            make = _MAKERS[tuple(_MAKERS)[int(rng.choice(len(_MAKERS), p=_SHARES))]]
            layer, camera, scene = make(rng)
            self._kept.append(Reel(layer_KSS4=layer, camera=camera, scene=scene))
            self._busy.append(room(rng, calm=False))
            self._calm.append(room(rng, calm=True))
        for each in (self._kept, self._busy, self._calm):
            del each[: max(0, len(each) - self.size)]

    def __iter__(self) -> Iterator[Reel]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def draw(self, rng: np.random.Generator, fits: Callable[[Scene], bool] = lambda _: True) -> Reel | None:
        """One that fits, or None."""
        fitting = [reel for reel in self._kept if fits(reel.scene)]
        return fitting[int(rng.integers(len(fitting)))] if fitting else None

    def pictures(self, rng: np.random.Generator, reel: Reel) -> Picture:
        """[K, S, S, 3], in some room."""
        people = reel.scene.kind in _PEOPLE
        rooms = self._busy if people else self._calm
        place = rooms[int(rng.integers(len(rooms)))]
        return taken(rng, reel.layer_KSS4, reel.camera, place, recolour=people)
