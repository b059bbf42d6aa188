"""The links of this ingest, one for each scheduler it has sessions with."""

from __future__ import annotations

import asyncio

from actors.handles import Directory
from actors.ingest_link import Attachment, SchedulerLink
from cluster.clock import Clock
from cluster.errors import CounterpointError, Rejected, StoreUnavailable
from counterpoint.internal.v1 import edge_pb2 as pb

RELINK_S = 2.0  # how long a session looks for its scheduler before its client is sent away
_RETRY_S, _RETRY_MAX_S = 0.05, 0.4  # doubled after each try


class Links:
    def __init__(self, directory: Directory, hello: pb.Hello, clock: Clock) -> None:
        self._directory, self._hello, self._clock = directory, hello, clock
        self._links: dict[str, SchedulerLink] = {}

    async def open(self, configure: bytes, prefix: tuple[int, ...], *, lockstep: bool) -> Attachment:
        """A new session. Raises Rejected, InvalidInput or StoreUnavailable."""
        address = await self._directory.place(lockstep=lockstep, trial=False)
        return await self._to(address).request(pb.EdgeUp(open=pb.Open(configure=configure, prefix=prefix)))

    async def probe(self) -> None:
        """Go the way of a new session and begin none. Raises what one would be refused with, but for want of places."""
        address = await self._directory.place(lockstep=False, trial=True)
        await self._to(address).probe()

    async def resume(self, session: str, reattach: pb.Reattach) -> Attachment:
        """Raises Unauthenticated, ResyncRequired, Rejected, InvalidInput or StoreUnavailable."""
        address = await self._directory.find(session)
        return await self._to(address).request(pb.EdgeUp(session=session, reattach=reattach))

    async def find_again(self, session: str, reattach: pb.Reattach) -> Attachment:
        """The scheduler of a running session is lost: look for whoever owns it now.

        Raises ResyncRequired or Superseded at once where it is over for this ingest, else what was tried last.
        """
        loop = asyncio.get_running_loop()
        until, error = loop.time() + RELINK_S, StoreUnavailable("no scheduler was tried")
        wait_s = _RETRY_S
        while loop.time() < until:
            try:
                return await self.resume(session, reattach)
            except (StoreUnavailable, Rejected) as refused:
                error: CounterpointError = refused
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, _RETRY_MAX_S)
        raise error

    def clock_error_s(self) -> float:
        """The widest bound on what is known of a scheduler's clock; 0 without one."""
        known = [link.offset for link in [*self._links.values()] if link.offset.known]
        return max((offset.estimate.error_ns for offset in known), default=0) / 1e9

    async def close(self) -> None:
        await asyncio.gather(*(link.close() for link in [*self._links.values()]))

    def _to(self, address: str) -> SchedulerLink:
        if address not in self._links:
            self._links[address] = SchedulerLink(address, self._hello, self._clock, self._forget)
        return self._links[address]

    def _forget(self, link: SchedulerLink) -> None:
        if self._links.get(link.address) is link:
            del self._links[link.address]
