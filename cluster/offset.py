"""How far the monotonic clock of another host is from ours, from the round trips of pings (DESIGN.md section 5).

A ping leaves at `sent_ns` of our clock, is answered at `theirs_ns` of the other one and heard at `heard_ns` of ours:
somewhere on the way our clock read what belongs to `theirs_ns`, and half the round trip bounds the error of taking the
middle. The shortest round trip of the newest pings speaks. A bound grows with the age of its ping, because two crystals
drift apart; so an old ping gives way to a fresh one that was little slower.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

PINGS = 64  # the newest ones are weighed
DRIFT_PPM = 200  # by which two clocks may drift apart: 100 ppm each


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """offset_ns: add it to a time of ours to have theirs. The truth is at most error_ns away."""

    offset_ns: int
    error_ns: int


@dataclass(frozen=True, slots=True)
class _Ping:
    heard_ns: int
    middle_ns: int  # their clock minus ours, in the middle of the round trip
    half_ns: int

    def error_ns(self, now_ns: int) -> int:
        return self.half_ns + max(0, now_ns - self.heard_ns) * DRIFT_PPM // 1_000_000


class Offset:
    """The clock of one peer. Before the first answer nothing is known, and asking raises LookupError."""

    def __init__(self) -> None:
        self._pings: deque[_Ping] = deque(maxlen=PINGS)
        self._best: Estimate | None = None

    @property
    def known(self) -> bool:
        return self._best is not None

    @property
    def estimate(self) -> Estimate:
        """As of the newest answer. Where no offset explains what was seen too, the clocks are taken as one."""
        if self._best is None:
            raise LookupError("no ping was answered yet")
        return self._best

    def answered(self, *, sent_ns: int, theirs_ns: int, heard_ns: int) -> None:
        """Raises ValueError for an answer that was heard before its ping left."""
        round_trip_ns = heard_ns - sent_ns
        if round_trip_ns < 0:
            raise ValueError(f"sent_ns: {sent_ns} is after heard_ns {heard_ns}")
        self._pings.append(_Ping(heard_ns, theirs_ns - (sent_ns + heard_ns) // 2, -(-round_trip_ns // 2)))
        best = min(self._pings, key=lambda ping: ping.error_ns(heard_ns))
        error_ns = best.error_ns(heard_ns)
        if abs(best.middle_ns) <= error_ns:
            self._best = Estimate(offset_ns=0, error_ns=error_ns + abs(best.middle_ns))
        else:
            self._best = Estimate(offset_ns=best.middle_ns, error_ns=error_ns)

    def theirs(self, ours_ns: int) -> int:
        """A time of our clock as theirs. 0 stands for no time and stays."""
        return ours_ns and ours_ns + self.estimate.offset_ns

    def ours(self, theirs_ns: int) -> int:
        """A time of their clock as ours. 0 stands for no time and stays."""
        return theirs_ns and theirs_ns - self.estimate.offset_ns
