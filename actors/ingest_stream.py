"""One stream of a client from its first message to its status: the handler of `Interact`."""

from __future__ import annotations

import asyncio

import grpc
import structlog
from google.protobuf.message import DecodeError

from actors.ingest_attach import Attacher
from actors.ingest_ending import InternalError
from actors.ingest_outbox import Outbox
from actors.ingest_session import IngestSession
from actors.wire import fault_of
from actors.wire_down import response
from cluster.errors import CounterpointError, InvalidInput, ProtocolError, Rejected, StoreUnavailable
from cluster.telemetry import metrics as m
from counterpoint.v1 import interaction_pb2 as v1

FIRST_MESSAGE_S = 10.0
_FLUSH_S = 1.0

log = structlog.get_logger()


class ClientStream:
    def __init__(self, context: grpc.aio.ServicerContext, attacher: Attacher) -> None:
        self._context, self._attacher = context, attacher
        self._outbox = Outbox(context, self._overflow)
        self._session: IngestSession | None = None
        self._seq = 0  # of the message being worked on, for the error it may lead to

    async def serve(self) -> None:
        """Until the stream is over; what went wrong is told in the stream and by its status."""
        writer = asyncio.create_task(self._outbox.write_all())
        failure: CounterpointError | None = None
        why = "client left"
        try:
            failure = await self._serve()
            why = str(failure) if failure else "stream ended"
        except CounterpointError as error:
            failure, why = error, str(error)
        except Exception as error:
            log.exception("stream failed")
            failure, why = InternalError(f"{type(error).__name__} in ingest; it is logged there"), "internal"
        finally:
            if self._session is not None:
                await self._attacher.keep(self._session, await self._session.stop(why))
            if failure is not None:
                self._tell(failure)
            await self._outbox.flushed(_FLUSH_S)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)  # a client that is gone cannot be written to
        if failure is not None and not self._context.done():
            await self._context.abort(fault_of(failure)[1], str(failure))

    def going_away(self, in_ms: int, reason: str) -> None:
        self._outbox.put(self._away(in_ms, reason))

    async def _serve(self) -> CounterpointError | None:
        session = await self._attach()
        reading = asyncio.create_task(self._read_all(session))
        guarding = asyncio.create_task(self._guard_link(session))
        try:
            await asyncio.wait((reading, guarding, session.ended), return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and not reading.cancelled() and session.closing and reading.exception() is None:
                await asyncio.wait((guarding, session.ended), return_when=asyncio.FIRST_COMPLETED)
            for task in (reading, guarding):
                if task.done():
                    task.result()
            return session.ended.result().error if session.ended.done() else None
        finally:
            reading.cancel()
            guarding.cancel()
            await asyncio.gather(reading, guarding, return_exceptions=True)

    async def _attach(self) -> IngestSession:
        try:
            first = await asyncio.wait_for(self._read(), FIRST_MESSAGE_S)
        except TimeoutError:
            raise ProtocolError("message", f"no configure or resume within {FIRST_MESSAGE_S:g} s") from None
        if first is grpc.aio.EOF:
            raise ProtocolError("message", "the stream ended before configure or resume")
        self._seq = first.seq
        self._session = await self._attacher.attach(first, self._context.invocation_metadata() or (), self._outbox)
        return self._session

    async def _read(self) -> v1.InteractRequest | object:
        """The next message, or EOF. Raises InvalidInput for bytes that are none."""
        try:
            return await self._context.read()
        except DecodeError as error:
            raise InvalidInput("message", f"cannot be read: {error}; send counterpoint.v1.InteractRequest") from error

    async def _read_all(self, session: IngestSession) -> None:
        while (request := await self._read()) is not grpc.aio.EOF:
            self._seq = request.seq
            session.client(request)

    async def _guard_link(self, session: IngestSession) -> None:
        """Looks for the session's new owner whenever the scheduler is lost. Raises what could not be mended."""
        while True:
            await session.link_down.wait()
            await self._attacher.reattach(session)

    def _overflow(self) -> None:
        error = Rejected("limits.output_queue", "the client does not read; resume when it does", 1)
        if self._session is not None:
            self._session.overflow(error)

    def _tell(self, failure: CounterpointError) -> None:
        match failure:
            case StoreUnavailable():  # nobody's fault and soon over: the client comes back by itself
                self._outbox.put(self._away(0, str(failure)))
            case Rejected() if self._session is None:
                limit, reason = failure.limit, str(failure).removeprefix(f"{failure.limit}: ")
                rejected = v1.Rejected(limit=limit, reason=reason, retry_after_ms=failure.retry_after_ms)
                self._outbox.put(v1.InteractResponse(rejected=rejected))
                self._attacher.metrics.add(m.REJECTED, limit=failure.limit)
            case _:
                fault, _ = fault_of(failure, self._seq)
                self._outbox.put(response(fault, self._session.epoch if self._session else 0))
                self._attacher.metrics.add(m.STREAM_ERRORS, code=fault.code)

    def _away(self, in_ms: int, reason: str) -> v1.InteractResponse:
        epoch = self._session.epoch if self._session else 0
        return v1.InteractResponse(epoch=epoch, going_away=v1.GoingAway(in_ms=in_ms, reason=reason))
