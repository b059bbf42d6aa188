"""Scenes to draw from: a bounded store of which some are drawn anew at every step, each seen in any room.

Shapes: K pictures, S pixels of a side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from training.sights import people, shows
from training.sights.canvas import Camera, Picture
from training.sights.reel import Scene, Take
from training.sights.rooms import room, taken

_MAKERS: Mapping[str, Callable[[np.random.Generator], Take]] = {
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


@dataclass(frozen=True, slots=True)
class Portraits:
    """Pictures [N, S, S, 3], rows of tracks [N, C] and of stances [N, Q]."""

    pictures_NSS3: Picture
    track_NC: npt.NDArray[np.uint8]
    stance_NQ: npt.NDArray[np.float32]


@dataclass(slots=True)
class Reels:
    """At most `size` of them, some 2 MB each, and as many rooms; the oldest go first."""

    size: int
    _kept: list[Reel] = field(default_factory=list)
    _busy: list[Picture] = field(default_factory=list)
    _calm: list[Picture] = field(default_factory=list)

    def renew(self, rng: np.random.Generator, count: int) -> None:
        for _ in range(count):
            shoot, camera, scene = _take(rng)
            layer = np.stack([shoot(k) for k in range(len(scene))])
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

    def pictures(self, rng: np.random.Generator, reel: Reel, first: int = 0, count: int = 1000) -> Picture:
        """[K, S, S, 3], in some room: at most `count` pictures from `first` on."""
        chosen = np.arange(first, min(first + count, len(reel.scene)))
        return self._taken(rng, reel.layer_KSS4[chosen], reel.camera.at(chosen), reel.scene)

    def portraits(self, rng: np.random.Generator, scenes: int, each: int) -> Portraits:
        """Single pictures of scenes that are seen nowhere else: `each` of every one."""
        pictures, track, stance = [], [], []
        for _ in range(scenes):
            shoot, camera, scene = _take(rng)
            chosen = rng.integers(0, len(scene), each)
            layer = np.stack([shoot(k) for k in chosen])
            pictures.append(self._taken(rng, layer, camera.at(chosen), scene))
            track.append(scene.track_KC[chosen])
            stance.append(scene.stance_KQ[chosen])
        return Portraits(np.concatenate(pictures), np.concatenate(track), np.concatenate(stance))

    def _taken(self, rng: np.random.Generator, layer: Picture, camera: Camera, scene: Scene) -> Picture:
        people = scene.kind in _PEOPLE
        rooms = self._busy if people else self._calm
        return taken(rng, layer, camera, rooms[int(rng.integers(len(rooms)))], recolour=people)


def _take(rng: np.random.Generator) -> Take:
    return _MAKERS[tuple(_MAKERS)[int(rng.choice(len(_MAKERS), p=_SHARES))]](rng)
