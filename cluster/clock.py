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
