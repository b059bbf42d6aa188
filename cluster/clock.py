"""The only place where `cluster` may ask for the time. Everything else takes it as an argument."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    def now_ns(self) -> int: ...


class MonotonicClock:
    """CLOCK_MONOTONIC: shared by all processes of one host."""

    def now_ns(self) -> int:
        return time.monotonic_ns()


class UnixClock:
    """The time of day: what two boots have in common. It may be set, so nothing is measured by it."""

    def now_ns(self) -> int:
        return time.time_ns()


class ShiftedClock:
    """Another clock, so many nanoseconds ahead: the clock of another host."""

    def __init__(self, clock: Clock, ahead_ns: int) -> None:
        self._clock, self._ahead_ns = clock, ahead_ns

    def now_ns(self) -> int:
        return self._clock.now_ns() + self._ahead_ns


class ManualClock:
    """A clock that tests and lockstep engines move by hand."""

    def __init__(self, now_ns: int = 0) -> None:
        self._now_ns = now_ns

    def now_ns(self) -> int:
        return self._now_ns

    def advance_to(self, now_ns: int) -> None:
        if now_ns < self._now_ns:
            raise ValueError(f"now_ns: time cannot go back from {self._now_ns} to {now_ns}")
        self._now_ns = now_ns
