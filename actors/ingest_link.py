"""The stream from this ingest to one scheduler: every session of the pair goes over it.

A scheduler that answers heartbeats and then stops is as lost as one whose stream broke. Losing the stream is told to
every attachment on it, once. Its heartbeats compare the clocks: every time that comes out of here is of our own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import grpc
import structlog

from actors.edge_parcel import pack, unpack
from actors.ingest_times import to_ours, to_theirs
from cluster.clock import Clock
from cluster.errors import InvalidInput, Rejected, ResyncRequired, StoreUnavailable, Superseded, Unauthenticated
from cluster.offset import Offset
from counterpoint.internal.v1 import edge_pb2 as pb
from counterpoint.internal.v1 import edge_pb2_grpc

HEARTBEAT_S = 0.25
FIRST_BEATS, FIRST_BEAT_S = 4, 0.02  # the first ones come quickly, so that the clocks are compared at once
SILENT_S = 2.0  # without a heartbeat the scheduler is frozen
OVERSLEPT_NS = 50_000_000
OPEN_TIMEOUT_S = 5.0
MAX_MESSAGE_BYTES = 16 << 20
MAX_SENDING = 8_192  # messages that wait for one scheduler: seconds of a full pair
MAX_EARLY = 256  # messages of a session that came before anyone listened
CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.use_local_subchannel_pool", 1),
)

log = structlog.get_logger()


class Attached(Protocol):
    """Who a message of the scheduler is for."""

    def down(self, message: pb.EdgeDown) -> None: ...

    def link_lost(self, reason: str) -> None: ...

    def failed(self, error: Exception) -> None: ...


@dataclass(slots=True)
class Attachment:
    """One attachment of a session on a link. What comes before anyone listens is kept, to a bound."""

    link: SchedulerLink
    granted: pb.EdgeDown
    _epoch_ns: int = 0  # of the media, on the scheduler's clock
    _listener: Attached | None = None
    _early: deque[pb.EdgeDown] = field(default_factory=deque)
    _missed: bool = False  # more came early than is kept
    _lost: str | None = None

    @property
    def media_epoch_ns(self) -> int:
        """On our clock, as we know the scheduler's now."""
        return self.link.offset.ours(self._epoch_ns)

    def listen(self, listener: Attached) -> None:
        self._listener = listener
        early, self._early = self._early, deque()
        for message in early:
            self.deliver(message)
        if self._missed:
            listener.failed(Rejected("limits.output_queue", "results came faster than the session began; resume", 1))
        if self._lost is not None:
            listener.link_lost(self._lost)

    def send(self, message: pb.EdgeUp) -> None:
        message.session, message.attachment = self.granted.session, self.granted.attachment
        message.epoch = self.granted.epoch
        to_theirs(message, self.link.offset)
        self.link.send(message)

    def deliver(self, message: pb.EdgeDown) -> None:
        if self._listener is None:
            self._missed = self._missed or len(self._early) >= MAX_EARLY
            if not self._missed:
                self._early.append(message)
            return
        try:
            self._listener.down(message)
        except Exception as error:  # a fault of one session must not reach the others of this link
            log.exception("a message of the scheduler could not be used", session=message.session)
            self._listener.failed(error)

    def lost(self, reason: str) -> None:
        self._lost = reason
        if self._listener is not None:
            self._listener.link_lost(reason)

    def decline(self, reason: str) -> None:
        """The client left before it heard of the grant: a new session is of no use to anyone then."""
        if self.granted.granted.resumed:
            self.send(pb.EdgeUp(detach=pb.Detach(reason=reason)))
        else:
            self.send(pb.EdgeUp(close=pb.CloseSession(reason=reason)))
        self.end()

    def end(self) -> None:
        self.link.forget(self)


class SchedulerLink:
    def __init__(self, address: str, hello: pb.Hello, clock: Clock, on_end: Callable[[SchedulerLink], None]) -> None:
        self.address, self.offset = address, Offset()
        self._hello, self._clock, self._on_end = hello, clock, on_end
        self._channel = grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
        self._sending: deque[pb.EdgeUp] = deque()
        self._news = asyncio.Event()
        self._overrun = asyncio.Event()
        self._asked: dict[int, asyncio.Future[Attachment | None]] = {}
        self._attachments: dict[tuple[str, int], Attachment] = {}
        self._heard_ns = 0  # 0: this scheduler sends no heartbeats yet
        self._next_request = 1
        self._task = asyncio.create_task(self._run())

    async def request(self, message: pb.EdgeUp) -> Attachment:
        """Send an Open or a Reattach and wait for its grant.

        Raises:
            Rejected, InvalidInput, Unauthenticated, ResyncRequired, Superseded: as the scheduler answered.
            StoreUnavailable: it did not answer.
        """
        attachment = await self._ask(message)
        assert attachment is not None
        return attachment

    async def probe(self) -> None:
        """Raises what an Open would be refused with, but for places: that they are taken is an answer too."""
        await self._ask(pb.EdgeUp(probe=pb.Probe()))

    async def _ask(self, message: pb.EdgeUp) -> Attachment | None:
        request_id, self._next_request = self._next_request, self._next_request + 1
        getattr(message, message.WhichOneof("message")).request_id = request_id
        answer = asyncio.get_running_loop().create_future()
        self._asked[request_id] = answer
        self.send(message)
        try:
            return await asyncio.wait_for(answer, OPEN_TIMEOUT_S)
        except TimeoutError:
            raise StoreUnavailable(f"the scheduler gave no answer within {OPEN_TIMEOUT_S:g} s; try again") from None
        finally:
            self._asked.pop(request_id, None)

    def send(self, message: pb.EdgeUp) -> None:
        """Never waits; messages leave in order. Beyond MAX_SENDING the stream is given up and opened anew."""
        if len(self._sending) >= MAX_SENDING:
            self._overrun.set()
            return
        self._sending.append(message)
        self._news.set()

    def forget(self, attachment: Attachment) -> None:
        self._attachments.pop((attachment.granted.session, attachment.granted.attachment), None)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        reason = "the scheduler ended the stream"
        call = edge_pb2_grpc.EdgeStub(self._channel).Attach()
        self._sending.extendleft((pb.EdgeUp(heartbeat=pb.Heartbeat()), pb.EdgeUp(hello=self._hello)))
        parts = [
            asyncio.create_task(part) for part in (self._read(call), self._write(call), self._beat(), self._bound())
        ]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError, TimeoutError) as error:
            reason = error.details() or reason if isinstance(error, grpc.aio.AioRpcError) else str(error) or reason
        finally:
            for task in parts:
                task.cancel()
            call.cancel()
            self._end(reason)
            await self._channel.close()

    def _end(self, reason: str) -> None:
        log.warning("scheduler lost", address=self.address, reason=reason, attachments=len(self._attachments))
        self._on_end(self)
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(StoreUnavailable(f"the scheduler is not reachable ({reason}); try again"))
        attachments, self._attachments = [*self._attachments.values()], {}
        for attachment in attachments:
            attachment.lost(reason)

    async def _read(self, call: grpc.aio.StreamStreamCall) -> None:
        while (parcel := await call.read()) is not grpc.aio.EOF:
            for message in unpack(parcel):
                self._down(message)

    async def _write(self, call: grpc.aio.StreamStreamCall) -> None:
        while True:
            self._news.clear()
            while self._sending:
                parcel = pack(self._sending)
                for message in unpack(parcel):
                    if message.HasField("heartbeat"):  # stamped when it leaves: waiting is no part of the round trip
                        message.heartbeat.sent_ns = self._clock.now_ns()
                await call.write(parcel)
            await self._news.wait()

    async def _beat(self) -> None:
        progress = 0
        while True:
            progress += 1
            self.send(pb.EdgeUp(heartbeat=pb.Heartbeat(progress=progress)))
            pause_s, begun_ns = HEARTBEAT_S if progress > FIRST_BEATS else FIRST_BEAT_S, self._clock.now_ns()
            await asyncio.sleep(pause_s)
            now_ns = self._clock.now_ns()
            overslept_ns = now_ns - begun_ns - int(pause_s * 1e9)
            if self._heard_ns and overslept_ns > OVERSLEPT_NS:
                self._heard_ns += overslept_ns  # who was not scheduled cannot blame the other
            if self._heard_ns and now_ns - self._heard_ns > SILENT_S * 1e9:
                raise TimeoutError(f"no heartbeat for {SILENT_S:g} s")

    async def _bound(self) -> None:
        await self._overrun.wait()
        raise TimeoutError(f"{MAX_SENDING} messages wait for it")

    def _down(self, message: pb.EdgeDown) -> None:
        match message.WhichOneof("message"):
            case "heartbeat":
                self._heartbeat(message.heartbeat)
            case "granted":
                self._granted(message)
            case "rejected":
                answer = self._asked.get(message.rejected.request_id)
                if answer is not None and not answer.done():
                    answer.set_exception(_refusal(message.session, message.rejected))
            case "probed":
                answer = self._asked.get(message.probed.request_id)
                if answer is not None and not answer.done():
                    answer.set_result(None)
            case "going_away":
                for attachment in [*self._attachments.values()]:
                    attachment.deliver(message)
            case _:
                attachment = self._attachments.get((message.session, message.attachment))
                if attachment is not None:  # else: of an attachment that is over
                    attachment.deliver(to_ours(message, self.offset))

    def _heartbeat(self, beat: pb.Heartbeat) -> None:
        self._heard_ns = self._clock.now_ns()
        self.offset.answered(sent_ns=beat.sent_ns, theirs_ns=beat.at_ns, heard_ns=self._heard_ns)

    def _granted(self, message: pb.EdgeDown) -> None:
        """A heartbeat left before anything was asked, so the clocks have been compared by now."""
        epoch_ns = message.granted.media_epoch_ns
        attachment = Attachment(link=self, granted=to_ours(message, self.offset), _epoch_ns=epoch_ns)
        answer = self._asked.get(message.granted.request_id)
        if answer is None or answer.done():  # nobody waits any more
            attachment.decline("grant came too late")
            return
        self._attachments[message.session, message.attachment] = attachment
        answer.set_result(attachment)


def _refusal(session: str, rejected: pb.OpenRejected) -> Exception:
    limit, reason = rejected.limit, rejected.reason
    match rejected.code:
        case "invalid_input":
            return InvalidInput(limit, reason)
        case "unauthenticated":
            return Unauthenticated(limit, reason)
        case "superseded":
            return Superseded(session)
        case "resync_required" | "unknown_session":
            return ResyncRequired(f"{limit}: {reason}")
    return Rejected(limit, reason, rejected.retry_after_ms)
