"""Where media time stands on the client's monotonic clock, fixed by a grant (DESIGN.md section 5). Pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from counterpoint.v1.interaction_pb2 import Granted

MS = 1_000_000
SAME_CLOCK_NS = 1_000 * MS  # a server clock further off than this belongs to another host or container


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """zero_ns: monotonic time of media time 0. Micro-turn k is the input of [period·k, period·(k+1)) ms."""

    zero_ns: int
    period_ms: int
    jitter_ms: int
    due_after_ms: int
    shared_clock: bool  # zero_ns is the server's own figure, exact on the same host

    @classmethod
    def of(cls, granted: Granted, *, received_ns: int, same_host: bool) -> Timeline:
        """The server's clock where both share one, otherwise the client's own stamp of the grant."""
        estimate_ns = received_ns + granted.starts_in_ms * MS
        off_ns = abs(granted.media_clock_ns - estimate_ns)
        shared = same_host and (granted.resumed or off_ns < SAME_CLOCK_NS)
        return cls(
            zero_ns=granted.media_clock_ns if shared else estimate_ns,
            period_ms=granted.micro_turn_ms,
            jitter_ms=granted.jitter_ms,
            due_after_ms=granted.due_ms,
            shared_clock=shared,
        )

    def cutoff_ns(self, k: int) -> int:
        return self.zero_ns + (self.period_ms * (k + 1) + self.jitter_ms) * MS

    def due_ns(self, k: int) -> int:
        return self.cutoff_ns(k) + self.due_after_ms * MS

    def output_ms(self, k: int) -> int:
        """Media time at which the output of micro-turn k begins to sound, in every mode."""
        return self.period_ms * (k + 1) + self.jitter_ms + self.due_after_ms

    def output_ns(self, k: int) -> int:
        return self.zero_ns + self.output_ms(k) * MS

    def media_ms(self, now_ns: int) -> int:
        return (now_ns - self.zero_ns) // MS

    def last_due(self, now_ns: int) -> int:
        """The last k whose result was due by now; -1: none yet."""
        after_first_ns = now_ns - self.due_ns(0)
        return -1 if after_first_ns < 0 else after_first_ns // (self.period_ms * MS)
