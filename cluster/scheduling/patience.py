"""How long a tick waits, beyond its start, for input that is on its way."""

from __future__ import annotations

_SHARE = 4  # one of so many sessions late together


def patience_ns(late: int, of: int, grace_ns: int, room_ns: int) -> int:
    """Nanoseconds from the start of a tick; 0 where waiting is not worth it or not fair.

    late: sessions whose newest micro-turn is not here, of so many that had kept up until now. A quarter of them, and
    never one among others, is late together only by the fault of what they share, an ingest or the machine: without
    the wait each would lose a whole tick for a millisecond. A client that is late by itself keeps nobody waiting.
    room_ns: what a step like the last one leaves of the time until results have to leave.
    """
    alone = late == 1 and of > 1
    if not late or alone or late * _SHARE < of:
        return 0
    return max(0, min(grace_ns, room_ns))
