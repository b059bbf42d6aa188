"""Calibrate to one machine: the cost of a tick is affine in the sessions it carries, C(n) = base + each·n."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor

import numpy as np


@dataclass(frozen=True, slots=True)
class Affine:
    base_s: float
    each_s: float

    def __call__(self, sessions: float) -> float:
        return self.base_s + self.each_s * sessions

    def capacity(self, budget_s: float, reserve: float) -> int:
        """Most sessions whose tick stays within (1 - reserve) of the budget."""
        room = (1 - reserve) * budget_s - self.base_s
        return max(0, floor(room / self.each_s + 1e-9)) if self.each_s > 0 else 0


def fit(ticks: Iterable[tuple[int, float]]) -> Affine:
    """ticks: (sessions, seconds) as measured; at least two different numbers of sessions.

    Least squares over the median of each number, so that a stall of the machine does not bend the line.

    Raises ValueError where one line cannot be drawn, or the cost does not grow.
    """
    groups: dict[int, list[float]] = {}
    for sessions, seconds in ticks:
        groups.setdefault(sessions, []).append(seconds)
    if len(groups) < 2:
        raise ValueError(f"ticks: need at least two different numbers of sessions, got {sorted(groups)}")
    counts = sorted(groups)
    each, base = np.polyfit(counts, [float(np.median(groups[n])) for n in counts], 1)
    if each <= 0:
        raise ValueError("ticks: the cost does not grow with the sessions; measure longer or on a quieter machine")
    return Affine(float(base), float(each))
