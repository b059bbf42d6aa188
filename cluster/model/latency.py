"""How long a call may take before it counts as missed. Torch-free."""

from __future__ import annotations

from collections import deque

MIN_NS = 5_000_000
MAX_NS = 25_000_000
WARMUP_NS = 100_000_000
_FACTOR = 4
_WARMUP_CALLS = 32
_ORDINARY_ROWS = 256


class CallDeadline:
    """`_FACTOR` times the running p99 of calls that were answered, within MIN_NS … MAX_NS.

    The first calls, whose p99 says nothing yet, get WARMUP_NS. Calls of more than _ORDINARY_ROWS rows (long prefills)
    get proportionally longer and are not learned from.
    """

    def __init__(self, memory: int = 256) -> None:
        self._taken_ns: deque[int] = deque(maxlen=memory)
        self._limit_ns = WARMUP_NS
        self._fresh = 0

    def limit_ns(self, num_rows: int) -> int:
        return self._limit_ns * max(1, -(-num_rows // _ORDINARY_ROWS))

    def record(self, taken_ns: int, num_rows: int) -> None:
        if num_rows > _ORDINARY_ROWS:
            return
        self._taken_ns.append(taken_ns)
        self._fresh += 1
        if self._fresh >= _WARMUP_CALLS:  # a sort per call would cost more than it tells
            self._fresh = 0
            ordered = sorted(self._taken_ns)
            p99_ns = ordered[len(ordered) * 99 // 100]
            self._limit_ns = min(MAX_NS, max(MIN_NS, _FACTOR * p99_ns))
