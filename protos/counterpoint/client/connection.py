"""Keeps a session attached: reads, writes, and resumes on a new stream when the one in use is lost."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from counterpoint.client.attachment import Attachment, Connect, Lost
from counterpoint.client.errors import ClientError, Refused, Unreachable
from counterpoint.client.events import Closed, Disconnected, Event, GoingAway, Resumed
from counterpoint.client.inbox import Inbox
from counterpoint.client.ledger import Ledger
from counterpoint.client.outbox import Outbox
from counterpoint.client.timeline import Timeline
from counterpoint.v1 import interaction_pb2 as v1

BACKOFF_S = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)
MOVE_S, MOVE_EVERY_S = 0.5, 2.0  # for one try to go elsewhere, and between two of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait before giving up, in seconds."""

    grant_s: float = 10.0
    lockstep_grant_s: float = 90.0  # the first one may have to start an engine of its own
    silent_s: float | None = 3.0  # without any message of a live session; a frozen server keeps its connection open
    resume_s: float = 15.0
    close_s: float = 10.0


class Connection:
    """Every event goes to `emit` as it comes. What is put into `outbox` leaves after `wake`."""

    def __init__(
        self,
        attachment: Attachment,
        connect: Connect,
        emit: Callable[[Event], None],
        *,
        lockstep: bool,
        same_host: bool,
        patience: Patience,
        target: str,
    ) -> None:
        granted = attachment.granted
        self.granted = granted
        self.timeline = Timeline.of(granted, received_ns=attachment.granted_ns, same_host=same_host)
        self.ledger = Ledger(self.timeline, first_k=granted.next_k, lockstep=lockstep)
        self.inbox = Inbox(self.ledger, granted, attachment.epoch)
        self.outbox = Outbox(granted.limits, lossy=not lockstep, next_seq=granted.accepted_through + 1)
        self.idle = asyncio.Event()  # set whenever nothing more can leave for now
        self._attachment, self._connect, self._emit = attachment, connect, emit
        self._same_host, self._patience, self._target = same_host, patience, target
        self._silent_s = None if lockstep else patience.silent_s
        self._wake = asyncio.Event()
        self._move_at_ns: int | None = None  # the server goes away: when to look for another one

    def wake(self) -> None:
        self._wake.set()

    def cancel(self) -> None:
        self._attachment.cancel()

    async def run(self) -> None:
        """Until the session closed. Raises the ClientError that ended it otherwise."""
        while not await self._attached():
            if self._move_at_ns is None:
                await self._resume()
            self._move_at_ns = None

    async def _attached(self) -> bool:
        """Read and write until the session closed (True), or the stream was lost or left for another one (False)."""
        writer = asyncio.create_task(self._write())
        try:
            while True:
                response = await self._attachment.read(self._silent_s)
                if response is None:
                    raise Lost("the server ended the stream")
                for event in self.inbox.receive(response, self.outbox, time.monotonic_ns()):
                    self._emit(event)
                    if isinstance(event, Closed):
                        return True
                    if isinstance(event, GoingAway) and event.message.in_ms:
                        self._move_at_ns = time.monotonic_ns()
                if self._move_at_ns and time.monotonic_ns() >= self._move_at_ns and await self._moved():
                    return False
                self.wake()
        except Lost as lost:
            self._move_at_ns = None
            self._emit(Disconnected(reason=str(lost), at_ns=time.monotonic_ns()))
            return False
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _write(self) -> None:
        with contextlib.suppress(Lost):  # the reader meets the same end and decides
            while True:
                taken = self.outbox.take()
                if taken is None:
                    self.idle.set()
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                request, media = taken
                await self._attachment.write(request)
                if media is not None and media.track == v1.TRACK_AUDIO:
                    self.ledger.sent(media.ends_ms, time.monotonic_ns())

    async def _moved(self) -> bool:
        """Attach to another server while this one still answers. Nothing is read from it meanwhile, so that nothing
        comes twice; where no other takes the session, it goes on here.

        Raises Lost where it is not known which of the two has the session.
        """
        began_ns, attachment = time.monotonic_ns(), self._connect(anew=True)
        try:
            await attachment.open(v1.InteractRequest(resume=self.inbox.resume()), MOVE_S)
        except Unreachable as unknown:
            await attachment.leave()
            raise Lost(f"the server goes away, and no other answered in time: {unknown}") from unknown
        except (ClientError, Lost):
            await attachment.leave()
            self._move_at_ns = time.monotonic_ns() + int(MOVE_EVERY_S * 1e9)
            return False
        await self._take_over(attachment)
        self._emit(Resumed(message=self.granted, after_ns=time.monotonic_ns() - began_ns))
        return True

    async def _resume(self) -> None:
        """Attach anew with the token. Raises Unreachable when no server took the session back in time."""
        began_ns, attempt, why = time.monotonic_ns(), 0, ""
        while time.monotonic_ns() - began_ns < self._patience.resume_s * 1e9:
            await asyncio.sleep(BACKOFF_S[min(attempt, len(BACKOFF_S) - 1)])
            attempt += 1
            attachment = self._connect(anew=True)  # on the old connection a frozen server would be asked again
            try:
                await attachment.open(v1.InteractRequest(resume=self.inbox.resume()), self._patience.grant_s)
            except Refused as refused:
                await attachment.leave()
                if not refused.retry_after_ms:
                    raise
                why = str(refused)
                await asyncio.sleep(refused.retry_after_ms / 1000)
            except (Lost, Unreachable) as error:
                await attachment.leave()
                why = str(error)
            else:
                await self._take_over(attachment)
                self._emit(Resumed(message=self.granted, after_ns=time.monotonic_ns() - began_ns))
                return
        raise Unreachable(self._target, f"not resumed within {self._patience.resume_s:g} s; the last attempt: {why}")

    async def _take_over(self, attachment: Attachment) -> None:
        await self._attachment.leave()
        self._attachment, self.granted = attachment, attachment.granted
        self.timeline = Timeline.of(self.granted, received_ns=attachment.granted_ns, same_host=self._same_host)
        self.inbox.resumed(self.granted, attachment.epoch, self.timeline)
        self.outbox.resume(self.granted.accepted_through, self.granted.limits)
