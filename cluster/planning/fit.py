"""Calibrate to one machine: what a tick costs is affine in its sessions, and one blocking term comes on top.

The test of admission (C(n) + blocking against the due time) with both read from measured rows: C(n) is a line through
the p90 of cutoff to result, which hundreds of ticks stand behind; blocking is what its p99 lies above it, the median of
all rows, so that one stall of the machine bends neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from statistics import linear_regression, median

FIT_UP_TO = 8  # sessions; what lies above is predicted and compared
ON_TIME = 0.995


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRow:
    """Cutoff to result of live sessions. rejected: sessions that were not let in."""

    sessions: int
    p90_s: float
    p99_s: float
    on_time_rate: float
    rejected: int = 0

    @property
    def held(self) -> bool:
        return self.on_time_rate >= ON_TIME and not self.rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    base_s: float
    each_s: float
    blocking_s: float

    def __call__(self, sessions: float) -> float:
        """Seconds from cutoff to result that hardly any micro-turn exceeds."""
        return self.base_s + self.each_s * sessions + self.blocking_s

    def capacity(self, due_s: float, reserve: float = 0.0) -> int:
        """Most sessions whose results leave within (1 - reserve) of the time they are due in."""
        return max(0, floor(((1 - reserve) * due_s - self(0)) / self.each_s + 1e-9))


def fit(rows: Sequence[MeasuredRow]) -> Fit:
    """From rows of at most FIT_UP_TO sessions; others are not looked at.

    Raises ValueError where no line can be drawn through them, or the cost does not grow.
    """
    known = [row for row in rows if row.sessions <= FIT_UP_TO and not row.rejected]
    counts = sorted({row.sessions for row in known})
    if len(counts) < 3:
        raise ValueError(f"rows: need three numbers of sessions up to {FIT_UP_TO}, got {counts}")
    each, base = linear_regression([row.sessions for row in known], [row.p90_s for row in known])
    if each <= 0:
        raise ValueError("rows: the cost does not grow with the sessions; measure longer or on a quieter machine")
    return Fit(base_s=base, each_s=each, blocking_s=median(row.p99_s - row.p90_s for row in known))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """held: most sessions that were on time; late: fewest above it that were not, None where all measured were."""

    held: int
    late: int | None
    refused: bool  # what bound was admission, not the clock

    def error(self, predicted: int) -> float | None:
        """Relative; the worst of all capacities that the rows allow. None where they tell no capacity."""
        if self.late is None or self.refused or not self.held:
            return None
        return max((predicted / true - 1 for true in (self.held, self.late - 1)), key=abs)


def bracket(rows: Sequence[MeasuredRow]) -> Bracket:
    """Where capacity lies by what was measured. A number measured twice counts as held if it held once."""
    held = max((row.sessions for row in rows if row.held), default=0)
    above = [row for row in rows if row.sessions > held]
    first = min(above, key=lambda row: row.sessions, default=None)
    return Bracket(held=held, late=first and first.sessions, refused=bool(first and first.rejected))
