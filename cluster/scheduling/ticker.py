"""The tick clock of an engine as arithmetic: boundaries, what an overrun skips, where a new session begins."""

from __future__ import annotations

from dataclasses import dataclass

from cluster.types import MICRO_TURN_MS

_MS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """Tick n starts at zero_ns + n · period. Engines of one phase group share `zero_ns` modulo the period."""

    zero_ns: int
    period_ns: int = MICRO_TURN_MS * _MS

    def start_ns(self, n: int) -> int:
        return self.zero_ns + n * self.period_ns

    def first_at(self, now_ns: int) -> int:
        """The first tick that starts at `now_ns` or later."""
        return -((self.zero_ns - now_ns) // self.period_ns)

    def after(self, n: int, now_ns: int) -> tuple[int, int]:
        """The tick to run when tick n is done at `now_ns`, and how many an overrun skipped.

        Late ticks are never run back to back: the next one is at the next boundary, unless that is now.
        """
        following = max(n + 1, self.first_at(now_ns))
        return following, following - n - 1

    def place(self, earliest_ns: int, *, jitter_ms: int) -> tuple[int, int]:
        """(n0, media epoch) of a session whose media time 0 is not before `earliest_ns`, and less than a period after.

        Micro-turn 0 ends `jitter_ms` before tick n0 starts.
        """
        before_ns = self.period_ns + jitter_ms * _MS
        n0 = self.first_at(earliest_ns + before_ns)
        return n0, self.start_ns(n0) - before_ns

    def n0_of(self, media_epoch_ns: int, *, jitter_ms: int) -> int:
        """The tick of micro-turn 0 of a session that another scheduler of this phase group began.

        Raises ValueError if its boundaries are not ours.
        """
        n0, off_ns = divmod(media_epoch_ns + self.period_ns + jitter_ms * _MS - self.zero_ns, self.period_ns)
        if off_ns:
            raise ValueError(f"media_epoch_ns: {media_epoch_ns} is {off_ns} ns off the boundaries of this phase group")
        return n0
