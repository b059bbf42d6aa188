"""What is held of one session, to be given to whom it belongs, or erased."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from actors.scheduler_claims import tenant_of
from actors.scheduler_journal import HistoryFiles
from cluster.errors import ResyncRequired
from cluster.session.heard import Heard
from cluster.session.store import SessionStore

Part = tuple[str, bytes]
HISTORY = "history.jsonl"  # the one part that no store shares


class Held:
    """The store is shared by all schedulers, history files lie with the scheduler that wrote them."""

    def __init__(self, store: SessionStore, histories: HistoryFiles, forget: Callable[[str], None]) -> None:
        """forget: ends a session of ours at once, so that nothing more is written of it."""
        self._store, self._histories, self._forget = store, histories, forget

    async def check(self, session: str, token: str) -> None:
        """Raises Unauthenticated, or StoreUnavailable."""
        await self._store.check(tenant_of(session), session, token=token)

    async def export(self, session: str) -> tuple[Part, ...]:
        """Empty if nothing is held. Raises StoreUnavailable."""
        parts: list[Part] = []
        try:
            stored = await self._store.load(tenant_of(session), session)
            parts += [("terms.json", stored.meta), ("journal.jsonl", b"".join(one + b"\n" for one in stored.records))]
            if heard := await self._store.heard(tenant_of(session), session):
                parts.append(("heard.ogg", await asyncio.to_thread(_ogg, heard)))
        except ResyncRequired:
            pass  # its time in the store is over; a history may be kept for longer
        parts.append((HISTORY, await self._histories.read(session)))
        return tuple((name, data) for name, data in parts if data)

    async def erase(self, session: str) -> bool:
        """False if nothing was held. Raises StoreUnavailable."""
        self._forget(session)
        stored = await self._store.delete(tenant_of(session), session)
        return await self._histories.erase(session) or stored


def _ogg(heard: tuple[Heard, ...]) -> bytes:
    from cluster.media.heard import ogg  # 19 MB of libraries that a scheduler needs for this alone

    return ogg((piece.k, piece.opus) for piece in heard)
