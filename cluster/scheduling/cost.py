"""What a pass costs: running percentiles per bucket of (sessions, rows), measured from the first step on."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Sequence
from typing import TypeAlias

Bucket: TypeAlias = tuple[int, int]

_SAMPLES = 128
_TRUSTED = 8  # samples before a bucket speaks for itself
# What a pass costs whatever its rows, in rows, to split a step among its passes and to scale. An expert call measured
# 3.4 ms at 6 rows and 5.8 ms at 96 on two cores; attention grows with the sessions, so not all of it is fixed.
_FIXED_ROWS = 64


class Running:
    """Percentiles of the newest samples."""

    __slots__ = ("_newest", "_sorted")

    def __init__(self) -> None:
        self._newest: deque[int] = deque()
        self._sorted: list[int] = []

    def __len__(self) -> int:
        return len(self._newest)

    def add(self, value: int) -> None:
        if len(self._newest) == _SAMPLES:
            self._sorted.remove(self._newest.popleft())
        self._newest.append(value)
        insort(self._sorted, value)

    def at(self, percent: int) -> int:
        """The largest sample but for (100 - percent) percent of them."""
        return self._sorted[-1 - len(self._sorted) * (100 - percent) // 100]


class CostModel:
    """Cost is affine in the rows: what was not measured is scaled from what was, by rows plus a fixed part."""

    def __init__(self, *, initial_ns: int) -> None:
        """initial_ns: what a step is thought to cost before any was measured."""
        self._initial_ns = initial_ns
        self._buckets: dict[Bucket, Running] = {}

    def observe(self, *, sessions: int, rows: int, passes: Sequence[int], engine_ns: int) -> None:
        """Learn from a step: its first pass had `rows` rows, each further one a row of every session still speaking.

        passes: forward passes each session took.
        """
        later = [sum(count > i for count in passes) for i in range(1, max(passes, default=1))]
        of_pass = [(sessions, rows), *((speaking, speaking) for speaking in later)]
        weight = sum(_FIXED_ROWS + num_rows for _, num_rows in of_pass)
        for num_sessions, num_rows in of_pass:
            seen = self._buckets.setdefault(bucket(num_sessions, num_rows), Running())
            seen.add(engine_ns * (_FIXED_ROWS + num_rows) // weight)

    def predict(self, *, sessions: int, rows: int, percent: int = 99) -> int:
        """Nanoseconds that so many percent of such passes do not exceed."""
        if not rows:
            return 0
        wanted = bucket(sessions, rows)
        measured = {at: seen.at(percent) for at, seen in self._buckets.items() if len(seen) >= _TRUSTED}
        if wanted in measured:
            return measured[wanted]
        larger = [ns for at, ns in measured.items() if at[0] >= wanted[0] and at[1] >= wanted[1]]
        if larger:
            return min(larger)
        wanted_rows = _FIXED_ROWS + wanted[1]
        scaled = [max(ns, ns * wanted_rows // (_FIXED_ROWS + at[1])) for at, ns in measured.items()]
        return min(scaled, default=self._initial_ns)


def bucket(sessions: int, rows: int) -> Bucket:
    """Powers of two, rounded up."""
    return _ceil_power(sessions), _ceil_power(rows)


def _ceil_power(value: int) -> int:
    return 1 << max(value - 1, 0).bit_length()
