"""Where sessions survive their owner: epochs, tokens and journals. The protocol, and its twin in memory.

Tokens are made by the shell and only their SHA-256 is stored. Two are valid at a time: the newest, and the one before
it until the newest is first used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from cluster.errors import Fenced, ProtocolError, ResyncRequired, Superseded, Unauthenticated
from cluster.session.commands import JournalWrite
from cluster.session.events import Answer, JournalOutcome
from cluster.session.heard import Heard

BAD_TOKEN = "resume.token", "is not valid for this session; open a new one"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """records are base … base+len-1; `meta` is what the newest write with one gave."""

    tenant: str
    session: str
    epoch: int
    owner: str
    meta: bytes = b""
    base: int = 0
    records: tuple[bytes, ...] = ()
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """What a token gave: the epoch in force, and the number of the client that speaks for the session from now on."""

    epoch: int
    number: int


class SessionStore(Protocol):
    """Every method but `append` raises StoreUnavailable when the store does not answer.

    Every method may be repeated with the same arguments after a lost answer.
    """

    async def create(self, tenant: str, session: str, *, owner: str, token: str) -> int:
        """A new session; returns its epoch, 1. Raises ProtocolError if there is one of that name."""

    async def claim(self, tenant: str, session: str, *, held: int, owner: str) -> int:
        """Become its owner if its epoch is still `held`; returns the new epoch. The former owner can write no more.

        Raises Fenced (somebody was quicker) or ResyncRequired (there is no such session).
        """

    async def redeem(self, tenant: str, session: str, *, token: str, fresh: str) -> Seat:
        """A client comes back: its token is used, `fresh` is the newest one. Raises Unauthenticated."""

    async def relink(self, tenant: str, session: str, *, token: str, seat: int) -> Seat:
        """An ingest lost the owner and not its client: nothing is used up, for the client knows of no other token.

        Raises Superseded if a client came back elsewhere since `seat` was given, Unauthenticated.
        """

    async def check(self, tenant: str, session: str, *, token: str) -> None:
        """Whether a token fits, which uses nothing up. Raises Unauthenticated."""

    async def append(self, writes: Sequence[JournalWrite]) -> tuple[JournalOutcome, ...]:
        """Write all sessions of a tick at once; one outcome each, in order. A stale epoch writes nothing.

        Records the store has are skipped; a write that would leave a hole writes nothing and learns what is wanted.
        """

    async def load(self, tenant: str, session: str) -> StoredSession:
        """All that is held of a session: for takeover and export. Raises ResyncRequired if there is none."""

    async def heard(self, tenant: str, session: str) -> tuple[Heard, ...]:
        """What is kept of its microphone, oldest first; may be empty. A resume may leave a stretch in it twice."""

    async def delete(self, tenant: str, session: str) -> bool:
        """Erase all that is held. Its owner is fenced. False if there was nothing."""

    async def ping(self) -> None:
        """Raises StoreUnavailable, saying what to do, if the store cannot be used."""

    async def close(self) -> None: ...


def digest(token: str) -> bytes:
    return sha256(token.encode()).hexdigest().encode()


@dataclass(slots=True, kw_only=True)
class _Held:
    epoch: int
    owner: str
    newest: bytes
    previous: bytes = b""
    seat: int = 1
    meta: bytes = b""
    base: int = 0
    records: list[bytes] = field(default_factory=list)
    ended: bool = False
    heard: list[Heard] = field(default_factory=list)

    @property
    def next_index(self) -> int:
        return self.base + len(self.records)


class MemoryStore:
    """A SessionStore for tests and for one process that needs no survival."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], _Held] = {}

    async def create(self, tenant: str, session: str, *, owner: str, token: str) -> int:
        held = self._held.get((tenant, session))
        if held and held.newest == digest(token):
            return 1
        if held:
            raise ProtocolError("session", f"{session} exists already")
        self._held[tenant, session] = _Held(epoch=1, owner=owner, newest=digest(token))
        return 1

    async def claim(self, tenant: str, session: str, *, held: int, owner: str) -> int:
        found = self._get(tenant, session)
        if (found.epoch, found.owner) == (held + 1, owner):
            return found.epoch
        if found.epoch != held:
            raise Fenced(session, held, found.epoch)
        found.epoch, found.owner = held + 1, owner
        return found.epoch

    async def redeem(self, tenant: str, session: str, *, token: str, fresh: str) -> Seat:
        found = self._admitted(tenant, session, token)
        found.seat += found.newest != digest(fresh)
        found.newest, found.previous = digest(fresh), digest(token)
        return Seat(epoch=found.epoch, number=found.seat)

    async def relink(self, tenant: str, session: str, *, token: str, seat: int) -> Seat:
        found = self._admitted(tenant, session, token)
        if seat < found.seat:
            raise Superseded(session)
        return Seat(epoch=found.epoch, number=seat)

    async def check(self, tenant: str, session: str, *, token: str) -> None:
        self._admitted(tenant, session, token)

    async def append(self, writes: Sequence[JournalWrite]) -> tuple[JournalOutcome, ...]:
        return tuple(self._append(write) for write in writes)

    def _append(self, write: JournalWrite) -> JournalOutcome:
        found = self._held.get((write.tenant, write.session))
        if found is None or found.epoch != write.epoch:
            return JournalOutcome(session=write.session, epoch=write.epoch, answer=Answer.FENCED)
        for piece in write.heard:
            if not found.heard or piece.k > found.heard[-1].k:
                found.heard = [*found.heard, piece][-write.heard_most :]
        if write.index > found.next_index and write.drop_below >= write.index:
            found.base, found.records = write.index, []
        if write.index <= found.next_index:
            found.records += write.records[found.next_index - write.index :]
            found.meta = write.meta or found.meta
            found.ended = found.ended or write.last
            dropped = max(0, min(write.drop_below, found.next_index) - found.base)
            del found.records[:dropped]
            found.base += dropped
        return JournalOutcome(
            session=write.session, epoch=write.epoch, answer=Answer.WRITTEN, next_index=found.next_index
        )

    async def load(self, tenant: str, session: str) -> StoredSession:
        found = self._get(tenant, session)
        return StoredSession(
            tenant=tenant,
            session=session,
            epoch=found.epoch,
            owner=found.owner,
            meta=found.meta,
            base=found.base,
            records=tuple(found.records),
            ended=found.ended,
        )

    async def heard(self, tenant: str, session: str) -> tuple[Heard, ...]:
        found = self._held.get((tenant, session))
        return tuple(found.heard) if found else ()

    async def delete(self, tenant: str, session: str) -> bool:
        return self._held.pop((tenant, session), None) is not None

    async def ping(self) -> None:
        pass

    async def close(self) -> None:
        pass

    def _admitted(self, tenant: str, session: str, token: str) -> _Held:
        found = self._held.get((tenant, session))
        if found is None or digest(token) not in (found.newest, found.previous):
            raise Unauthenticated(*BAD_TOKEN)
        return found

    def _get(self, tenant: str, session: str) -> _Held:
        found = self._held.get((tenant, session))
        if found is None:
            raise ResyncRequired(f"session {session}: nothing is held of it; open a new session")
        return found
