"""Which shards may be called now, and which probe would prove that a suspect is back."""

from __future__ import annotations

import threading
from collections.abc import Callable

from cluster.errors import ExpertUnavailable


class HealthBoard:
    """Written by the I/O thread, read and written by the stepping thread; every method is short and thread-safe.

    A shard is healthy from the answer to a probe that was sent after it was last suspected or lost.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._not_before_ns: dict[int, int] = {}
        self._healthy: frozenset[int] = frozenset()

    def healthy(self) -> frozenset[int]:
        return self._healthy

    def down(self, shard: int, now_ns: int) -> bool:
        """Suspect or lost: only a probe sent from now on heals it. True when it was healthy before."""
        with self._changed:
            was = shard in self._healthy
            self._not_before_ns[shard] = now_ns
            self._healthy -= {shard}
            self._changed.notify_all()
            return was

    def answered(self, shard: int, probe_sent_ns: int) -> bool:
        """A probe came back. True when that made the shard healthy."""
        with self._changed:
            if shard in self._healthy or probe_sent_ns < self._not_before_ns.get(shard, 0):
                return False
            self._healthy |= {shard}
            self._changed.notify_all()
            return True

    def wait_until(self, accept: Callable[[frozenset[int]], bool], timeout_s: float) -> frozenset[int]:
        """Block until the healthy set is accepted. Raises ExpertUnavailable naming the set it is instead."""
        with self._changed:
            if not self._changed.wait_for(lambda: accept(self._healthy), timeout_s):
                healthy = sorted(self._healthy)
                raise ExpertUnavailable(f"after {timeout_s} s only shards {healthy} are healthy; see the others' logs")
            return self._healthy
