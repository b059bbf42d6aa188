"""What the microphones of our sessions heard, on its way to the store. It goes with the journal."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from cluster.session.commands import JournalWrite
from cluster.session.events import Answer, JournalOutcome
from cluster.session.heard import Heard
from cluster.session.store import SessionStore

_AT_ONCE = 8  # pieces of one write: a store that comes back is not flooded


class HeardWrites:
    """Appends to a store with what was heard and is not there yet; of that, so much waits as the ring keeps."""

    def __init__(self, store: SessionStore, most: int) -> None:
        """most: pieces a session's ring has; 0: nothing is kept."""
        self._store, self._most = store, most
        self._waiting: dict[str, deque[Heard]] = {}

    def put(self, session: str, piece: Heard) -> None:
        if self._most:
            self._waiting.setdefault(session, deque(maxlen=self._most)).append(piece)

    def forget(self, session: str) -> None:
        """It is over, or is not ours any more."""
        self._waiting.pop(session, None)

    async def append(self, writes: Sequence[JournalWrite]) -> tuple[JournalOutcome, ...]:
        """As of SessionStore. What was heard stays until the store has it: it skips what it had already.

        Of several writes of one session the first carries it.
        """
        first = {write.session: at for at, write in reversed([*enumerate(writes)])}
        carried = [self._carried(write) if first[write.session] == at else write for at, write in enumerate(writes)]
        outcomes = await self._store.append(carried)
        for write, outcome in zip(carried, outcomes, strict=True):
            waiting = self._waiting.get(write.session)
            while waiting and write.heard and outcome.answer is Answer.WRITTEN and waiting[0].k <= write.heard[-1].k:
                waiting.popleft()
        return outcomes

    def _carried(self, write: JournalWrite) -> JournalWrite:
        waiting = self._waiting.get(write.session)
        return replace(write, heard=tuple(waiting)[:_AT_ONCE], heard_most=self._most) if waiting else write
