"""Slots of the engine: every session has a live and a shadow one. A fixed limit; beyond it a session is refused."""

from __future__ import annotations

from collections import deque

from cluster.errors import Rejected

_RETRY_MS = 5_000


class SlotPool:
    """Slots are handed out in the order they came back, so that a freed one rests before it is used again."""

    def __init__(self, *, num_slots: int, max_sessions: int) -> None:
        self._free = deque(range(num_slots))
        self._held: dict[str, tuple[int, int]] = {}
        self._max_sessions = max_sessions

    def __len__(self) -> int:
        """Sessions that hold slots."""
        return len(self._held)

    def check_room(self) -> None:
        """Raises Rejected naming the limit that binds."""
        if len(self._held) >= self._max_sessions:
            raise Rejected("scheduler.max_sessions", f"all {self._max_sessions} are taken", _RETRY_MS)
        if len(self._free) < 2:
            raise Rejected("engine.num_slots", "a session needs two free slots", _RETRY_MS)

    def take(self, session: str) -> tuple[int, int]:
        """(live, shadow). Raises Rejected naming the limit that binds, ValueError for a session that holds slots."""
        if session in self._held:
            raise ValueError(f"session {session}: holds slots already")
        self.check_room()
        pair = self._held[session] = (self._free.popleft(), self._free.popleft())
        return pair

    def give(self, session: str) -> tuple[int, int]:
        """Take a session's slots back; returns them so that the engine can be told to free their KV."""
        pair = self._held.pop(session)
        self._free.extend(pair)
        return pair
