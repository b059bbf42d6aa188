"""What somebody before the camera does and when: repetitions at a random pace, or one action after the other. Pure.

Shapes: K pictures, t_K their times in seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from training.sights.body import Floats

SEEN = 0.12  # an action can be seen from this share of its range on
BACK = 0.05  # a repetition is seen to have ended below this


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One repetition or action. depth: 1 whole, below a half not counted. rise_s: 0 for a repetition, which has no
    pause at its furthest; else how long an action takes to leave rest and to come back."""

    name: str
    start_s: float
    end_s: float
    depth: float = 1.0
    skew: float = 1.0
    rise_s: float = 0.0
    flat: float = 0.0

    def reach(self, t_K: Floats) -> Floats:
        """How far it has gone, 0 outside of it."""
        inside = (t_K > self.start_s) & (t_K < self.end_s)
        if self.rise_s:
            near = np.minimum(np.minimum(t_K - self.start_s, self.end_s - t_K), self.rise_s) / self.rise_s
            return np.where(inside, 0.5 - 0.5 * np.cos(np.pi * np.clip(near, 0, 1)), 0.0)
        phase = np.clip((t_K - self.start_s) / (self.end_s - self.start_s), 0, 1) ** self.skew
        wave = np.minimum(1, (0.5 - 0.5 * np.cos(2 * np.pi * phase)) * (1 + self.flat))
        return np.where(inside, self.depth * wave, 0.0)


def repetitions(rng: np.random.Generator, name: str, start_s: float, seconds: float) -> list[Part]:
    """Back to back or with rests, steady or tiring, some only half."""
    period = math.exp(rng.uniform(math.log(0.74), math.log(min(4.4, seconds))))
    drift, fade = rng.uniform(-0.25, 0.25), rng.uniform(0, 0.22)
    halves = rng.uniform(0.1, 0.35) if rng.random() < 0.3 else 0.0
    pauses = rng.uniform(0.08, 0.35) if rng.random() < 0.4 else 0.0
    flat = rng.uniform(0, 0.5) if rng.random() < 0.4 else 0.0
    parts, at = [], start_s
    while at - start_s < seconds - 0.7 * period:
        share = (at - start_s) / seconds
        length = max(0.7, period * (1 + drift * share) * rng.uniform(0.87, 1.13))
        half = rng.random() < halves
        depth = rng.uniform(0.18, 0.42) if half else 1.0 - fade * share
        parts.append(
            Part(name=name, start_s=at, end_s=at + length, depth=depth, skew=rng.uniform(0.8, 1.25), flat=flat)
        )
        at += length + (rng.uniform(0.4, 2.6) if rng.random() < pauses else 0.0)
    return parts


def actions(rng: np.random.Generator, names: list[str], start_s: float) -> list[Part]:
    parts, at = [], start_s
    for name in names:
        rise = rng.uniform(0.4, 1.0)
        length = 2 * rise + rng.uniform(0.7, 4.4)
        parts.append(Part(name=name, start_s=at, end_s=at + length, rise_s=rise))
        at += length + rng.uniform(0.7, 2.8)
    return parts


def ended(part: Part, t_K: Floats) -> int:
    """The picture in which a repetition is first seen to be over."""
    middle = (part.start_s + part.end_s) / 2
    over = (t_K >= part.end_s) | ((t_K > middle) & (part.reach(t_K) < BACK * part.depth))
    return int(np.argmax(over)) if over.any() else len(t_K)


def seen(part: Part, t_K: Floats) -> tuple[int, int]:
    """The pictures in which an action is first seen, and first seen to be over."""
    away = np.flatnonzero(part.reach(t_K) >= SEEN)
    return int(away[0]), int(away[-1]) + 1
