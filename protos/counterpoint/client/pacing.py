"""When chunks of media go out: open loop on the monotonic clock, as a microphone would give them. Pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from counterpoint.client.timeline import MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacer:
    """Chunk i covers media [chunk·i, chunk·(i+1)) ms and leaves when its last sample has been taken.

    The schedule never waits for results. After a stall of this process chunks follow at twice real time, not in a
    burst: a burst would make the client's own hiccup look like a loaded server.
    """

    zero_ns: int
    chunk_ms: int

    def send_ns(self, index: int, last_sent_ns: int | None = None) -> int:
        """When chunk `index` leaves, given when the one before it really did."""
        scheduled_ns = self.zero_ns + (index + 1) * self.chunk_ms * MS
        if last_sent_ns is None:
            return scheduled_ns
        return max(scheduled_ns, last_sent_ns + self.chunk_ms * MS // 2)
