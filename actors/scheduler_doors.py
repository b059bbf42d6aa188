"""The doors of the core: what ingests say goes in, what it says goes to ingests, journal and history files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

import structlog

from actors.scheduler_claims import Claims
from actors.scheduler_edge import EdgeStream
from actors.scheduler_heard import HeardWrites
from actors.scheduler_journal import HistoryFiles, Journal
from actors.scheduler_routes import Attachment, Routes
from actors.scheduler_time import TickTime
from actors.scheduler_usage import Usage
from actors.scheduler_wire import Claim, decode, decode_open, decode_reattach, encode, rejection, tenant_of
from cluster.clock import Clock
from cluster.errors import CounterpointError, InvalidInput, Rejected
from cluster.runtime import Effects, SchedulerCore
from cluster.session.commands import EdgeOut, OpenGranted, OpenRejected, SessionEnded, Superseded
from cluster.session.events import Detach, EdgeEvent, JournalOutcome, Unheard
from cluster.session.heard import Heard
from cluster.telemetry import metrics as m
from cluster.telemetry.metrics import Metrics
from counterpoint.internal.v1 import edge_pb2 as pb

_ENGINE_RETRY_MS = 1_000

log = structlog.get_logger()


class Doors:
    """All of it runs on one event loop, so the core sees one event after the other. clock: the wall's, in lockstep too;
    ingests compare theirs with it.
    """

    def __init__(
        self,
        core: SchedulerCore,
        claims: Claims,
        journal: Journal,
        histories: HistoryFiles,
        usage: Usage,
        heard: HeardWrites,
        *,
        time: TickTime,
        clock: Clock,
        engine_serves: Callable[[], bool],
        checkpoint: str,
        keep_history: bool,
        metrics: Metrics,
    ) -> None:
        self._core, self._claims, self._journal, self._histories, self._usage = core, claims, journal, histories, usage
        self._heard = heard
        self._time, self._clock, self._checkpoint, self._keep_history = time, clock, checkpoint, keep_history
        self._engine_serves, self._metrics = engine_serves, metrics
        self._routes = Routes()
        self._asking: dict[tuple[str, int], EdgeStream] = {}  # opens and resumes without an answer
        self._resuming: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # there while somebody resumes
        self._tasks: set[asyncio.Task[None]] = set()
        self._lost_ns: dict[str, int] = {}  # sessions whose ingest is lost, since when
        self._beats = 0
        self.held: set[str] = set()  # sessions of the core

    def receive(self, stream: EdgeStream, message: pb.EdgeUp) -> None:
        """One message of an ingest. What needs the store waits for it, everything else is done at once."""
        match message.WhichOneof("message"):
            case "hello":
                return
            case "heartbeat":
                self._beats += 1
                beat = pb.Heartbeat(progress=self._beats, sent_ns=message.heartbeat.sent_ns, at_ns=self._clock.now_ns())
                stream.send(pb.EdgeDown(heartbeat=beat))
            case "open":
                self._spawn(stream, "", message.open.request_id, self._open(stream, message))
            case "reattach":
                asked = message.reattach.request_id
                self._spawn(stream, message.session, asked, self._reattach(stream, message))
            case "probe":
                self._spawn(stream, "", message.probe.request_id, self._probe(stream, message.probe.request_id))
            case "heard":
                self._hear(message)
            case _:
                with self._contained(message.session):
                    self._handle(decode(message))

    def _hear(self, message: pb.EdgeUp) -> None:
        """It is no event of the session; of an ingest that is not its own any more it is not taken."""
        if self._is_newest(Attachment(message.session, message.epoch, message.attachment)):
            heard = message.heard
            self._heard.put(message.session, Heard(k=heard.k, turns=heard.turns, opus=heard.opus))

    def complete(self, n: int) -> bool:
        """Somebody is there, and all who are have given their input for tick n: when virtual time may go on."""
        there = any(self._core.session(session).stream.listening for session in self.held)
        return there and self._core.ready(n)

    def unheard(self, stream: EdgeStream) -> None:
        """An ingest says nothing for the moment: what its sessions lack is not late."""
        for at in self._routes.on(stream):
            self._handle(Unheard(session=at.session, epoch=at.epoch, attachment=at.number))

    def lost(self, stream: EdgeStream) -> None:
        """An ingest is gone: its sessions are detached, nothing more."""
        for at in self._routes.take(stream):
            self._detach(at)

    def journaled(self, outcomes: tuple[JournalOutcome, ...]) -> None:
        for outcome in outcomes:
            self.carry_out(self._core.journaled(outcome, self._now()))

    def erase(self, session: str) -> None:
        """End a session of which nothing more may be written; what was used is told all the same."""
        if session in self._core:
            self._usage.put(self._core.session(session))
            self.carry_out(self._core.give_up(session, None))

    def carry_out(self, effects: Effects) -> None:
        """Say and write what the core decided. Nothing here waits."""
        self._journal.put(effects.journal)
        self._histories.put(effects.history)
        self._usage.note(effects, self._core)
        for out in effects.outs:
            try:
                self._say(out)
            except Exception as error:
                log.exception("what a session says cannot be sent", session=out.session)
                self.carry_out(self._core.give_up(out.session, error))
        for fault in effects.faults:
            self._metrics.add(m.FAULTS)
            log.error("a fault closed a session", session=fault.session, exc_info=fault.error)
            if fault.after is not None:
                log.error("and it left no last record", session=fault.session, exc_info=fault.after)
        for session in effects.ended:
            self._routes.forget(session)
            self._heard.forget(session)
            self._lost_ns.pop(session, None)
            self.held.discard(session)

    def _say(self, out: EdgeOut) -> None:
        if stream := self._way_to(out):
            stream.send(encode(out, self._checkpoint))
        self._note(out)

    def _way_to(self, out: EdgeOut) -> EdgeStream | None:
        """The answer to an open or resume goes where it was asked, and a grant makes that the way to its attachment."""
        if not isinstance(out, OpenGranted | OpenRejected):
            return self._routes.stream(out.session, out.attachment)
        stream = self._asking.pop((out.session, out.request_id), None)
        if isinstance(out, OpenGranted) and stream:
            at = Attachment(out.session, out.epoch, out.attachment)
            self._routes.add(at, stream)
            if not stream.is_open:  # its ingest died while the grant waited for the journal
                asyncio.get_running_loop().call_soon(self._detach, at)
        return stream

    def _note(self, out: EdgeOut) -> None:
        match out:
            case Superseded():
                self._routes.drop(out.session, out.attachment)
            case SessionEnded():
                self._metrics.add(m.ENDED, code=out.code)
            case OpenRejected():
                self._metrics.add(m.REJECTED, limit=out.limit)
            case OpenGranted(resumed=True):
                self._metrics.add(m.RESUMES, outcome="granted")
                if lost_ns := self._lost_ns.pop(out.session, 0):
                    self._metrics.observe(m.FAILOVER_GAP, (self._clock.now_ns() - lost_ns) / 1e9, lost="ingest")

    def _is_newest(self, at: Attachment) -> bool:
        if at.session not in self._core:
            return False
        state = self._core.session(at.session)
        return (at.epoch, at.number) == (state.terms.epoch, state.stream.attachment)

    def _detach(self, at: Attachment) -> None:
        if self._is_newest(at) and self._core.session(at.session).stream.attached:  # else its client left before
            self._lost_ns[at.session] = self._clock.now_ns()
        self._handle(Detach(session=at.session, epoch=at.epoch, attachment=at.number, reason="ingest lost"))

    async def _open(self, stream: EdgeStream, message: pb.EdgeUp) -> None:
        self._core.check_room()
        claim = await self._claims.new(tenant_of(message))
        self._asking[claim.session, message.open.request_id] = stream
        try:
            effects = self._core.handle(decode_open(message, claim, keep_by_default=self._keep_history), self._now())
            self.carry_out(effects)
        finally:
            if claim.session in self._core:
                self.held.add(claim.session)
            else:
                await self._claims.give_up(claim)

    async def _probe(self, stream: EdgeStream, request_id: int) -> None:
        """All that `_open` needs, and nothing is begun or counted. That places are taken is told apart."""
        try:
            await self._claims.check()
            if not self._engine_serves():
                raise Rejected("engine", "it is being started again; try again", _ENGINE_RETRY_MS)
        except Rejected as refused:
            stream.send(encode(rejection("", request_id, refused), self._checkpoint))
            return
        try:
            self._core.check_room()
            full = False
        except Rejected:
            full = True
        stream.send(pb.EdgeDown(probed=pb.Probed(request_id=request_id, full=full)))

    async def _reattach(self, stream: EdgeStream, message: pb.EdgeUp) -> None:
        session, request_id = message.session, message.reattach.request_id
        # one after the other, or two would adopt it and one of them speak for an epoch that is over
        async with self._resuming.setdefault(session, asyncio.Lock()):
            claim = await self._claims.again(session, message.reattach.token, message.reattach.seat)
            if session not in self._core:
                claim = await self._adopt(claim)
            self._asking[session, request_id] = stream
            self.carry_out(self._core.handle(decode_reattach(message, claim), self._now()))

    async def _adopt(self, claim: Claim) -> Claim:
        """The session's scheduler is gone: go on from its journal."""
        self._core.check_room()
        stored, claim = await self._claims.take_over(claim)
        effects = self._core.adopt(stored, claim.epoch, self._now())
        self.held.add(claim.session)
        self.carry_out(effects)
        self._metrics.add(m.RESUMES, outcome="taken_over")
        log.info("session taken over", session=claim.session, epoch=claim.epoch)
        return claim

    def _refuse(self, stream: EdgeStream, session: str, request_id: int, error: CounterpointError) -> None:
        for key in [key for key, asker in self._asking.items() if asker is stream and key[1] == request_id]:
            del self._asking[key]
        refusal = rejection(session, request_id, error)
        self._note(refusal)
        stream.send(encode(refusal, self._checkpoint))

    def _handle(self, event: EdgeEvent) -> None:
        with self._contained(event.session):
            self.carry_out(self._core.handle(event, self._now()))
        self._time.wake()

    @contextmanager
    def _contained(self, session: str) -> Iterator[None]:
        """A fault in what one session says costs that session the message; its stream carries all the others on."""
        try:
            yield
        except InvalidInput as error:  # ingest checks what clients send; what passes it and not us is its mistake
            log.error("event refused", session=session, why=str(error))
        except Exception:
            log.exception("event not handled", session=session)

    def _now(self) -> int:
        return self._time.clock.now_ns()

    def _spawn(self, stream: EdgeStream, session: str, request_id: int, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(stream, session, request_id, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(
        self, stream: EdgeStream, session: str, request_id: int, work: Coroutine[object, object, None]
    ) -> None:
        """Whatever goes wrong with an open or resume, its client hears of it and nothing waits for more."""
        try:
            await work
        except CounterpointError as error:
            self._refuse(stream, session, request_id, error)
        except Exception:
            log.exception("request not handled", session=session, request_id=request_id)
            failure = CounterpointError("the scheduler failed at this request; try again, or open a new session")
            self._refuse(stream, session, request_id, failure)
        self._time.wake()
