"""Names, tokens and epochs: what the store must have granted before the core may hear of a session."""

from __future__ import annotations

import secrets
from dataclasses import replace

from actors.scheduler_wire import Claim
from cluster.errors import Fenced, Rejected, ResyncRequired, StoreUnavailable, Unauthenticated
from cluster.session.record import TERMS
from cluster.session.store import SessionStore, StoredSession

_STORE_RETRY_MS = 1_000


class Claims:
    """A session is named TENANT.RANDOM, so that a client that comes back need not say whose it is."""

    def __init__(self, store: SessionStore, owner: str, *, lockstep: bool) -> None:
        """owner: our address, for whoever wonders where a session is."""
        self._store, self._owner, self._lockstep = store, owner, lockstep

    async def new(self, tenant: str) -> Claim:
        """A session that nobody has. Raises Rejected while the store is away: what cannot be kept is not begun."""
        session, token = f"{tenant}.{secrets.token_hex(8)}", secrets.token_urlsafe(24)
        try:
            epoch = await self._store.create(tenant, session, owner=self._owner, token=token)
        except StoreUnavailable as error:
            raise Rejected("redis", f"the session store is away ({error}); try again", _STORE_RETRY_MS) from error
        return Claim(session=session, epoch=epoch, token=token, seat=1)

    async def check(self) -> None:
        """Raises Rejected while the store is away."""
        try:
            await self._store.ping()
        except StoreUnavailable as error:
            raise Rejected("redis", f"the session store is away ({error}); try again", _STORE_RETRY_MS) from error

    async def give_up(self, claim: Claim) -> None:
        """The core refused: nothing may stay behind."""
        await self._store.delete(tenant_of(claim.session), claim.session)

    async def again(self, session: str, token: str, seat: int) -> Claim:
        """For a client that comes back (seat 0), whose token is spent, or for the ingest that has it still.

        Raises Unauthenticated, Superseded (the client of this ingest went elsewhere), Rejected while the store is away.
        """
        tenant, newest = tenant_of(session), token if seat else secrets.token_urlsafe(24)
        try:
            if seat:
                given = await self._store.relink(tenant, session, token=token, seat=seat)
            else:
                given = await self._store.redeem(tenant, session, token=token, fresh=newest)
        except StoreUnavailable as error:
            raise Rejected("redis", f"the session store is away ({error}); try again", _STORE_RETRY_MS) from error
        return Claim(session=session, epoch=given.epoch, token=newest, seat=given.number)

    async def take_over(self, claim: Claim) -> tuple[StoredSession, Claim]:
        """Own a session whose scheduler is gone: its journal, and the claim with the epoch that fences the old one.

        Raises ResyncRequired if nothing can be rebuilt, Rejected if the store is away or somebody was quicker.
        """
        tenant = tenant_of(claim.session)
        try:
            stored = await self._store.load(tenant, claim.session)
            if stored.ended:
                raise ResyncRequired(f"session {claim.session}: has ended; open a new one")
            terms = TERMS.decode(stored.meta) if stored.meta else None
            if terms is None or terms.lockstep != self._lockstep:
                raise ResyncRequired(f"session {claim.session}: cannot be rebuilt here; open a new one")
            epoch = await self._store.claim(tenant, claim.session, held=stored.epoch, owner=self._owner)
        except StoreUnavailable as error:
            raise Rejected("redis", f"the session store is away ({error}); try again", _STORE_RETRY_MS) from error
        except Fenced as error:
            raise Rejected("session", f"{error}; try again", _STORE_RETRY_MS) from error
        return stored, replace(claim, epoch=epoch)


def tenant_of(session: str) -> str:
    """Raises Unauthenticated for a name that we never gave."""
    tenant, dot, _ = session.rpartition(".")
    if not dot:
        raise Unauthenticated("resume.session_id", "is not the name of a session; give the one of the grant")
    return tenant
