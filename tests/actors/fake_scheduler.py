"""A scheduler that speaks edge.proto and answers every micro-turn at once: the peer of ingest in its tests.

It owns sessions as the real one does: tokens that rotate, attachments that supersede each other, results kept for a
resume. What it says in micro-turn k is `script[k]`, as token ids.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import grpc

from actors.edge_parcel import unpack
from cluster.clock import Clock, MonotonicClock
from counterpoint.internal.v1 import edge_pb2 as pb
from counterpoint.internal.v1 import edge_pb2_grpc
from counterpoint.v1 import interaction_pb2 as v1

MS = 1_000_000
JITTER_MS, DUE_MS = 30, 160


@dataclass
class Session:
    id: str
    configure: bytes
    prefix: list[int]
    media_epoch_ns: int
    tokens: list[str]
    attachment: int = 1
    epoch: int = 1
    seat: int = 1
    stream: grpc.aio.ServicerContext | None = None
    turns: list[pb.TurnReady] = field(default_factory=list)
    results: list[pb.TurnResult] = field(default_factory=list)
    controls: list[pb.ControlIn] = field(default_factory=list)
    slips: list[pb.Slip] = field(default_factory=list)
    heard: list[pb.Heard] = field(default_factory=list)
    played: list[pb.Played] = field(default_factory=list)
    detached: str | None = None
    goodbye: str = ""  # heard, and not answered
    ended: bool = False
    next_k: int = 0


class FakeScheduler(edge_pb2_grpc.EdgeServicer):
    """answers False: micro-turns are taken and nothing is said. frozen: not even heartbeats are answered."""

    def __init__(self, script: dict[int, tuple[int, ...]] | None = None, clock: Clock | None = None) -> None:
        self.clock = clock or MonotonicClock()
        self.script = script or {}
        self.sessions: dict[str, Session] = {}
        self.reattached: list[pb.Reattach] = []
        self.refuse: pb.OpenRejected | None = None
        self.probed: pb.OpenRejected | pb.Probed = pb.Probed()
        self.answers, self.frozen = True, False
        self.changed = asyncio.Condition()
        self._streams: set[asyncio.Task[None]] = set()
        self._writing = asyncio.Lock()
        self._server = grpc.aio.server()
        self.address = ""

    async def start(self, port: int = 0) -> FakeScheduler:
        edge_pb2_grpc.add_EdgeServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port(f'127.0.0.1:{port}')}"
        await self._server.start()
        return self

    async def stop(self) -> None:
        for stream in [*self._streams]:
            stream.cancel()
        await self._server.stop(None)

    @property
    def session(self) -> Session:
        """The only one."""
        (session,) = self.sessions.values()
        return session

    async def until(self, condition: object) -> None:
        """Wait until `condition()` holds; asked whenever a message came."""
        async with self.changed:
            await self.changed.wait_for(condition)

    async def say(self, session: Session, **message: object) -> None:
        """Send a message of the owner to the session's attachment."""
        assert session.stream is not None
        down = pb.EdgeDown(session=session.id, epoch=session.epoch, attachment=session.attachment, **message)
        await self._write(session.stream, down)

    async def _write(self, stream: grpc.aio.ServicerContext, down: pb.EdgeDown) -> None:
        async with self._writing:  # a stream takes one write at a time
            await stream.write(down)

    async def Attach(self, _: object, context: grpc.aio.ServicerContext) -> None:  # noqa: N802 - named by the wire
        reading = asyncio.create_task(self._read(context))
        self._streams.add(reading)
        try:
            await asyncio.wait({reading})
        finally:
            self._streams.discard(reading)
            reading.cancel()
        if reading.cancelled():
            await context.abort(grpc.StatusCode.UNAVAILABLE, "this scheduler is gone")

    async def _read(self, context: grpc.aio.ServicerContext) -> None:
        while (parcel := await context.read()) is not grpc.aio.EOF:
            for message in unpack(parcel) if not self.frozen else ():
                await self._take(message, context)
            async with self.changed:
                self.changed.notify_all()

    async def _take(self, message: pb.EdgeUp, context: grpc.aio.ServicerContext) -> None:
        kind = message.WhichOneof("message")
        if kind == "heartbeat":
            beat = pb.Heartbeat(sent_ns=message.heartbeat.sent_ns, at_ns=self.clock.now_ns())
            await self._write(context, pb.EdgeDown(heartbeat=beat))
        elif kind == "open":
            await self._open(message.open, context)
        elif kind == "reattach":
            await self._reattach(message, context)
        elif kind == "probe":
            self.probed.request_id = message.probe.request_id
            refused = isinstance(self.probed, pb.OpenRejected)
            await self._write(context, pb.EdgeDown(**{"rejected" if refused else "probed": self.probed}))
        elif kind != "hello":
            session = self.sessions[message.session]
            if message.attachment == session.attachment:
                await self._event(session, message, kind)

    async def _open(self, message: pb.Open, context: grpc.aio.ServicerContext) -> None:
        if self.refuse is not None:
            refusal = pb.OpenRejected()
            refusal.CopyFrom(self.refuse)
            refusal.request_id = message.request_id
            await self._write(context, pb.EdgeDown(rejected=refusal))
            return
        wanted = v1.Configure.FromString(message.configure)
        number = len(self.sessions) + 1
        session = Session(
            id=f"{wanted.tenant}.{number:016x}",
            configure=message.configure,
            prefix=[*message.prefix],
            media_epoch_ns=self.clock.now_ns() + 20 * MS,
            tokens=[f"token-{number}-1"],
            stream=context,
        )
        self.sessions[session.id] = session
        await self._grant(session, message.request_id, resumed=False, received_k=-1)

    async def _reattach(self, message: pb.EdgeUp, context: grpc.aio.ServicerContext) -> None:
        request = message.reattach
        self.reattached.append(request)
        session = self.sessions.get(message.session)
        refusal = None
        if session is None or session.ended:
            refusal = pb.OpenRejected(code="resync_required", limit="resume.session_id", reason="is not known")
        elif request.token not in session.tokens[-2:]:
            refusal = pb.OpenRejected(code="unauthenticated", limit="resume.token", reason="does not fit")
        elif 0 < request.seat < session.seat:
            refusal = pb.OpenRejected(code="superseded", reason="somebody came back elsewhere")
        if refusal is not None:
            refusal.request_id = request.request_id
            await self._write(context, pb.EdgeDown(rejected=refusal))
            return
        if session.detached is None and session.stream is not None:
            await self._supersede(session)
        if not request.seat:
            session.tokens.append(f"token-{session.id}-{len(session.tokens) + 1}")
            session.seat += 1
        session.attachment += 1
        session.stream, session.detached = context, None
        await self._grant(session, request.request_id, resumed=True, received_k=request.received_k)

    async def _supersede(self, session: Session) -> None:
        try:
            await self.say(session, superseded=pb.Revoked())
        except (grpc.aio.BaseError, asyncio.InvalidStateError):
            return  # that ingest is gone

    async def _grant(self, session: Session, request_id: int, *, resumed: bool, received_k: int) -> None:
        last = session.turns[-1] if session.turns else pb.TurnReady()
        wanted = v1.Configure.FromString(session.configure)
        heard = [result for result in session.results if result.k <= received_k]
        spoken = [result for result in heard if result.tokens][-1:]  # the tests say one run at a time
        granted = pb.OpenGranted(
            request_id=request_id,
            token=session.tokens[-1],
            media_epoch_ns=session.media_epoch_ns,
            next_k=session.next_k,
            accepted_through=last.through_seq,
            audio_samples=last.audio_samples,
            due_ms=wanted.due_ms or DUE_MS,
            jitter_ms=JITTER_MS,
            resumed=resumed,
            configure=session.configure,
            replay=[result for result in session.results if result.k > received_k],
            voiced_samples=4800 * (spoken[0].k if spoken else received_k + 1),
            speaking=[token for result in spoken for token in result.tokens],
            lockstep=wanted.lockstep,
            checkpoint="test",
            seat=session.seat,
        )
        await self.say(session, granted=granted)

    async def _event(self, session: Session, message: pb.EdgeUp, kind: str) -> None:
        match kind:
            case "turn":
                session.turns.append(message.turn)
                session.next_k = message.turn.k + 1
                if self.answers:
                    await self.answer(session, message.turn)
            case "slip":
                session.slips.append(message.slip)
            case "heard":
                session.heard.append(message.heard)
            case "control":
                control = message.control
                session.controls.append(control)
                effective = pb.ControlEffective(
                    control_id=control.control_id, seq=control.seq, tick=9, k=session.next_k
                )
                await self.say(session, control=effective)
            case "played":
                session.played.append(message.played)
            case "detach":
                session.detached = message.detach.reason
            case "close" if not self.answers:
                session.goodbye = message.close.reason
            case "close":
                session.ended = True
                ended = pb.SessionEnded(reason=message.close.reason, micro_turns=len(session.results), code="closed")
                await self.say(session, ended=ended)

    async def answer(self, session: Session, turn: pb.TurnReady) -> None:
        cutoff_ns = session.media_epoch_ns + (200 * (turn.k + 1) + JITTER_MS) * MS
        result = pb.TurnResult(
            k=turn.k,
            tick=100 + turn.k,
            timing="on_time",
            tokens=self.script.get(turn.k, ()),
            due_ns=cutoff_ns + DUE_MS * MS,
            cutoff_ns=cutoff_ns,
            passes=1,
        )
        session.results.append(result)
        await self.say(session, result=result)
        accepted = pb.AcceptedThrough(through=turn.through_seq, audio_samples=turn.audio_samples)
        await self.say(session, accepted=accepted)
