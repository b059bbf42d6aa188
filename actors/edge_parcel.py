"""Messages of the edge stream travel in parcels: what waits when one is sent goes with it.

All of a tick is said at once, and the micro-turns of all sessions are complete at once; each alone was a write, a read
and a wake-up on either side.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TypeVar

from counterpoint.internal.v1 import edge_pb2 as pb

M = TypeVar("M", pb.EdgeUp, pb.EdgeDown)

MOST = 64
MOST_BYTES = 256 * 1024  # a larger one would keep what is urgent behind it waiting


def pack(waiting: deque[M]) -> M:
    """The first that waits, and with it those behind it, up to a bound. There has to be one."""
    first = waiting.popleft()
    size = first.ByteSize()
    while waiting and len(first.more) < MOST and (size := size + waiting[0].ByteSize()) <= MOST_BYTES:
        first.more.append(waiting.popleft())
    return first


def unpack(message: M) -> Iterator[M]:
    """Itself and what came with it, in the order of their sending."""
    yield message
    yield from message.more
