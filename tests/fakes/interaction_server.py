"""A small server that speaks interaction.proto as the contract says: a micro-turn clock, credits, acceptance, resume.

The "model" says `script[k]` in micro-turn k. Sessions outlive their streams; `drop_streams` breaks every stream in use.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import grpc

from counterpoint.v1 import interaction_pb2 as v1
from counterpoint.v1.interaction_pb2_grpc import InteractionServicer, add_InteractionServicer_to_server

MS = 1_000_000


@dataclass
class FakeSession:
    configure: v1.Configure
    token: str
    zero_ns: int
    expected_seq: int = 2
    audio_samples: int = 0
    messages: list[v1.InteractRequest] = field(default_factory=list)
    outputs: list[v1.MicroTurnDone] = field(default_factory=list)
    attachment: int = 0
    context: grpc.aio.ServicerContext | None = None
    progress: asyncio.Event = field(default_factory=asyncio.Event)
    closing: bool = False
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)


class FakeServer(InteractionServicer):
    def __init__(
        self, script: dict[int, str] | None = None, *, period_ms: int = 20, reject: str = "", credit_ms: int = 2_000
    ) -> None:
        self.script, self.period_ms, self.reject, self.credit_ms = script or {}, period_ms, reject, credit_ms
        self.jitter_ms, self.due_ms = 30, 60
        self.sessions: dict[str, FakeSession] = {}
        self.gives_credit, self.deaf, self.frozen, self.drains = True, False, False, False
        self._streams: set[asyncio.Task[None]] = set()
        self._server = grpc.aio.server()
        self.port = 0

    async def __aenter__(self) -> FakeServer:
        add_InteractionServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop(None)

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def drop_streams(self) -> None:
        for stream in list(self._streams):
            stream.cancel()

    async def go_away(self, session: FakeSession, in_ms: int) -> None:
        """Tell a session's client."""
        assert session.context is not None
        await self._write(session, session.context, v1.InteractResponse(epoch=1, going_away=v1.GoingAway(in_ms=in_ms)))

    async def Interact(self, _: object, context: grpc.aio.ServicerContext) -> None:  # noqa: N802 - the name is in the proto
        serving = asyncio.create_task(self._serve(context))
        self._streams.add(serving)
        try:
            await asyncio.wait({serving})
        finally:
            self._streams.discard(serving)
            serving.cancel()
        if serving.cancelled():
            await context.abort(grpc.StatusCode.UNAVAILABLE, "this ingest is gone")
        serving.result()

    async def _serve(self, context: grpc.aio.ServicerContext) -> None:
        first = await context.read()
        if self.drains:
            await context.write(v1.InteractResponse(going_away=v1.GoingAway(reason="connect again")))
            return
        if first.WhichOneof("message") == "resume":
            session_id, resume = first.resume.session_id, first.resume
            session = self.sessions[session_id]
            if resume.token != session.token:
                error = v1.Error(code="unauthenticated", field="resume.token", message="unknown token", fatal=True)
                await context.write(v1.InteractResponse(error=error))
                return
            next_send, resumed = resume.received_k + 1, True
            session.token += "'"
        else:
            if self.reject:
                rejected = v1.Rejected(limit="max_sessions", reason=self.reject, retry_after_ms=500)
                await context.write(v1.InteractResponse(rejected=rejected))
                return
            session_id, next_send, resumed = f"s{len(self.sessions)}", 0, False
            session = FakeSession(
                configure=first.configure, token=f"token-{session_id}", zero_ns=time.monotonic_ns() + 40 * MS
            )
            self.sessions[session_id] = session
        session.attachment += 1
        session.context, mine = context, session.attachment
        limits = v1.Limits(credit_ms=self.credit_ms, credit_bytes=1 << 20, max_chunk_ms=2000)
        granted = v1.Granted(
            session_id=session_id,
            resume_token=session.token,
            micro_turn_ms=self.period_ms,
            jitter_ms=self.jitter_ms,
            due_ms=self.due_ms,
            starts_in_ms=40,
            accepted_through=session.expected_seq - 1,
            limits=limits,
            next_k=len(session.outputs) if resumed else 0,
            output_sample_rate_hz=session.configure.audio_out.sample_rate_hz or 24_000,
            resumed=resumed,
            media_clock_ns=session.zero_ns,
            checkpoint="fake-0123456789ab",
        )
        await context.write(v1.InteractResponse(epoch=1, granted=granted))
        reader = asyncio.create_task(self._read(session, context))
        try:
            await self._speak(session, context, next_send, mine)
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _read(self, session: FakeSession, context: grpc.aio.ServicerContext) -> None:
        rate = session.configure.audio_in.sample_rate_hz or 16_000
        while (request := await context.read()) is not grpc.aio.EOF:
            if self.deaf:
                continue
            assert request.seq == session.expected_seq, (request.seq, session.expected_seq)
            assert not session.closing, "nothing may follow close"
            session.expected_seq += 1
            session.messages.append(request)
            kind = request.WhichOneof("message")
            if kind == "audio":
                samples = len(request.audio.data) // 2
                before, session.audio_samples = session.audio_samples, request.audio.media_time + samples
                ms = session.audio_samples * 1000 // rate - before * 1000 // rate
                if self.gives_credit:
                    credit = v1.Credit(track=v1.TRACK_AUDIO, ms=ms, bytes=len(request.audio.data))
                    await self._write(session, context, v1.InteractResponse(epoch=1, credit=credit))
            elif kind == "control":
                ack = v1.ControlAck(control_id=request.control.control_id, seq=request.seq, tick=7, effective_k=3)
                await self._write(session, context, v1.InteractResponse(epoch=1, control_ack=ack))
            elif kind == "close":
                session.closing = True
            accepted = v1.Accepted(through=request.seq, audio_samples=session.audio_samples)
            await self._write(session, context, v1.InteractResponse(epoch=1, accepted=accepted))
            session.progress.set()

    async def _speak(self, session: FakeSession, context: grpc.aio.ServicerContext, next_send: int, mine: int) -> None:
        rate = session.configure.audio_in.sample_rate_hz or 16_000
        while True:
            for done in session.outputs[next_send:]:
                await self._write(session, context, v1.InteractResponse(epoch=1, micro_turn=done))
            next_send = len(session.outputs)
            complete = session.audio_samples * 1000 // rate >= self.period_ms * (next_send + 1)
            if session.closing and not complete:
                closed = v1.Closed(reason="client", micro_turns=next_send)
                await self._write(session, context, v1.InteractResponse(epoch=1, closed=closed))
                return
            if session.configure.lockstep and not complete:
                session.progress.clear()
                await session.progress.wait()
                continue
            if not session.configure.lockstep:
                cutoff_ns = session.zero_ns + (self.period_ms * (next_send + 1) + self.jitter_ms) * MS
                await asyncio.sleep(max(0, cutoff_ns - time.monotonic_ns()) / 1e9)
            if session.attachment != mine:
                await self._write(session, context, v1.InteractResponse(epoch=1, superseded=v1.Superseded()))
                return
            session.outputs.append(self._turn(session, next_send))

    async def _write(
        self, session: FakeSession, context: grpc.aio.ServicerContext, response: v1.InteractResponse
    ) -> None:
        async with session.writing:  # a stream takes one write at a time
            if self.frozen:
                await asyncio.Event().wait()  # until the client goes away
            await context.write(response)

    def _turn(self, session: FakeSession, k: int) -> v1.MicroTurnDone:
        samples = (session.configure.audio_out.sample_rate_hz or 24_000) * self.period_ms // 1000
        done = v1.MicroTurnDone(k=k, tick=k, timing=v1.TIMING_ON_TIME, lateness_us=-1000, first_sample=k * samples)
        if word := self.script.get(k):
            done.text.append(v1.Text(text=word, sample=k * samples))
            done.audio = b"\x10\x20" * samples
        return done
