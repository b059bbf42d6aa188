"""Reels to draw from: a bounded store of which some are rendered anew at every step, since rendering is cheap.

Shapes: K pictures, S pixels of a side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from training.sights import people, shows
from training.sights.canvas import Picture
from training.sights.reel import Scene

_MAKERS: Mapping[str, Callable[[np.random.Generator], tuple[Picture, Scene]]] = {
    **{"exercise": people.exercise, "act": people.act, "appear": shows.appear, "light": shows.light}
}
_SHARES = (0.34, 0.32, 0.22, 0.12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reel:
    pictures_KSS3: Picture
    scene: Scene


@dataclass(slots=True)
class Reels:
    """At most `size` of them, some 1.5 MB each; the oldest go first."""

    size: int
    _kept: list[Reel] = field(default_factory=list)

    def renew(self, rng: np.random.Generator, count: int) -> None:
        for _ in range(count):
            made = _MAKERS[tuple(_MAKERS)[int(rng.choice(len(_MAKERS), p=_SHARES))]](rng)
            self._kept.append(Reel(pictures_KSS3=made[0], scene=made[1]))
        del self._kept[: max(0, len(self._kept) - self.size)]

    def __iter__(self) -> Iterator[Reel]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def draw(self, rng: np.random.Generator, fits: Callable[[Scene], bool] = lambda _: True) -> Reel | None:
        """One that fits, or None."""
        fitting = [reel for reel in self._kept if fits(reel.scene)]
        return fitting[int(rng.integers(len(fitting)))] if fitting else None


def varied(rng: np.random.Generator, pictures_KSS3: Picture) -> Picture:
    """As by another camera: mirrored, moved, lighter or darker."""
    side = np.arange(pictures_KSS3.shape[1])
    rows, columns = (np.clip(side + int(rng.integers(-3, 4)), 0, len(side) - 1) for _ in range(2))
    if rng.random() < 0.5:
        columns = columns[::-1]
    gain, bias = rng.uniform(0.8, 1.15), rng.uniform(-14, 14)
    table = np.clip((np.arange(256) - 128) * gain + 128 + bias, 0, 255).astype(np.uint8)
    return table[pictures_KSS3[:, rows[:, None], columns]]
