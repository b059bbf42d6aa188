"""Results on their way out: voiced in order, judged when they leave, kept for a client that comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from actors.ingest_services import Services
from actors.ingest_wire import result_of
from cluster.errors import Rejected
from cluster.media.causes import cause_of
from cluster.media.egress import RING_TURNS, Done, Egress, Result
from cluster.media.messages import Ended, Opening
from cluster.media.playout import Playout
from cluster.media.speech import SpeechTrack, Spoken
from cluster.telemetry import metrics as m
from cluster.telemetry.tracing import ROOT, Traces
from cluster.types import MICRO_TURN_MS, Timing
from counterpoint.internal.v1 import edge_pb2 as pb

_GRANT_VOICE_SAMPLES = 4_800  # of one micro-turn, as `voiced_samples` of a grant counts them: at 24 kHz
MAX_WAITING = 256  # results that wait for the voice: 51 s
_LONG_RUN = 8  # longer runs of misses share a label

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Kept:
    """Recent output of a session whose client left, and its voice as it stands after it."""

    ring: dict[int, Done]
    speech: SpeechTrack | None

    @property
    def next_k(self) -> int:
        return max(self.ring, default=-1) + 1


@dataclass(frozen=True, slots=True)
class _Arrived:
    result: Result
    at_ns: int


class EgressTask:
    """received_k: the last result the client has. `leave` gets every result and every end of speech, in order."""

    def __init__(
        self,
        opening: Opening,
        services: Services,
        leave: Callable[[Done | Ended], None],
        *,
        session: str,
        epoch: int,
        received_k: int,
        kept: Kept | None,
    ) -> None:
        rate = opening.audio_out.rate if opening.audio_out else 0
        self._services, self._leave, self._lockstep = services, leave, opening.lockstep
        self._session = session
        self._received_k, self._kept = received_k, kept or Kept({}, None)
        self._egress = Egress(next_k=received_k + 1, epoch=epoch, output_hz=rate, lockstep=opening.lockstep)
        self._playout = Playout(rate) if rate else None
        self._turn_samples = rate * MICRO_TURN_MS // 1000
        self._speech = self._kept.speech
        if opening.audio_out is not None and services.voice is not None and self._speech is None:
            self._speech = services.voice.track(opening.audio_out)
        self._queue: asyncio.Queue[_Arrived | Callable[[], None] | None] = asyncio.Queue()
        self._handed_over: dict[int, tuple[int, int]] = {}  # by k: time spent here, and when it was over
        self._task: asyncio.Task[None] | None = None
        self._interrupted = False
        self._misses = 0

    @property
    def epoch(self) -> int:
        return self._egress.epoch

    @property
    def sent_k(self) -> int:
        return self._egress.next_k - 1

    def start(self, granted: pb.OpenGranted, failed: Callable[[Exception], None]) -> None:
        """Goes on where a grant says the output stands. `failed` is called if it cannot."""
        for result in granted.replay:
            self.put(result_of(result, self.epoch, self._services.vocabulary))
        self._task = asyncio.create_task(self._guarded(granted, failed))

    async def stop(self) -> Kept:
        """Finishes what it has begun; returns what a later stream of this session can use."""
        if self._task is not None:
            self._queue.put_nowait(None)
            await asyncio.gather(self._task, return_exceptions=True)
        ring = {done.k: done for done in (*self._kept.ring.values(), *self._egress.ring)}
        return Kept(dict(sorted(ring.items())[-RING_TURNS:]), self._speech)

    def fence(self, epoch: int) -> bool:
        return self._egress.fence(epoch)

    def put(self, result: Result) -> None:
        """Raises Rejected where too many wait: the stream has to end, its client resumes."""
        if self._queue.qsize() >= MAX_WAITING:
            raise Rejected("limits.output_queue", f"{MAX_WAITING} results wait for the voice; resume later", 1_000)
        self._queue.put_nowait(_Arrived(result, self._services.clock.now_ns()))

    def after_last(self, action: Callable[[], None]) -> None:
        """Do this once everything before it has left."""
        self._queue.put_nowait(action)

    def handed_over(self, k: int, ingest_ns: int) -> None:
        self._handed_over[k] = ingest_ns, self._services.clock.now_ns()

    def played(self, samples: int, *, cut: bool, now_ns: int) -> None:
        if self._playout is not None:
            self._playout.report(samples, cut=cut, now_ns=now_ns)
        if cut:
            self.interrupt()

    def interrupt(self) -> None:
        """What was not heard is thrown away: what is not sent yet never will be."""
        self._interrupted = True

    async def _guarded(self, granted: pb.OpenGranted, failed: Callable[[Exception], None]) -> None:
        try:
            await self._run(granted)
        except Exception as error:  # reported to the client as well: it would wait for results for ever
            log.exception("egress failed")
            failed(error)

    async def _run(self, granted: pb.OpenGranted) -> None:
        if self._speech is not None and self._services.voice is not None and self._kept.speech is None:
            words = self._services.vocabulary.words(tuple(granted.speaking))
            from_k = granted.voiced_samples // _GRANT_VOICE_SAMPLES
            await self._services.voice.rebuild(self._speech, from_k, self._received_k, words)
        while (item := await self._queue.get()) is not None:
            if isinstance(item, _Arrived):
                ours = replace(item.result, epoch=self.epoch)  # fenced when it came; its owner may have changed since
                for result in self._egress.admit(ours):
                    await self._send(result, item.at_ns)
            else:
                item()

    async def _send(self, result: Result, arrived_ns: int) -> None:
        clock = self._services.clock
        begun_ns = clock.now_ns()
        if done := self._kept.ring.get(result.k):
            self._leave(self._egress.again(done, now_ns=begun_ns))
            return
        spoken = await self._speak(result, begun_ns) if result.k >= self._kept.next_k else Spoken()
        now_ns = clock.now_ns()
        voice_ns = now_ns - begun_ns
        ingest_ns, handed_ns = self._handed_over.pop(result.k, (0, 0))
        done = self._egress.leave(
            result,
            spoken,
            now_ns=now_ns,
            ingest_ns=ingest_ns,
            voice_ns=voice_ns,
            egress_ns=now_ns - arrived_ns - voice_ns,
        )
        self._leave(done)
        if spoken.ended is not None:
            self._leave(Ended(k=result.k, sample=spoken.ended))
        if spoken.audio and self._playout is not None:
            self._playout.sent(done.first_sample, due_ns=result.due_ns, now_ns=now_ns)
        self._count(done, ready_ns=handed_ns - ingest_ns, handed_ns=handed_ns)
        if self._services.traces is not None and result.due_ns and not self._lockstep:
            self._trace(self._services.traces, done, handed_ns, arrived_ns, begun_ns, now_ns)

    async def _speak(self, result: Result, now_ns: int) -> Spoken:
        first = result.k * self._turn_samples
        if self._speech is None or self._services.voice is None:
            return Spoken(words=tuple((word, result.k * _GRANT_VOICE_SAMPLES, result.k) for word in result.words))
        ended: int | None = None
        if self._interrupted:
            self._interrupted = False
            if not self._speech.idle:
                await self._services.voice.stop(self._speech)
                ended = first
        may_sound = self._lockstep or self._playout is None or self._playout.may_send(now_ns)
        spoken = await self._services.voice.render(self._speech, result.k, result.words, may_sound=may_sound)
        return spoken if ended is None else replace(spoken, ended=ended)

    def _trace(self, traces: Traces, done: Done, handed_ns: int, arrived_ns: int, begun_ns: int, left_ns: int) -> None:
        """A micro-turn without input of its own begins with its result."""
        session, k = self._session, done.k
        if not traces.takes(session, k):
            return
        came_ns = handed_ns - done.ingest_ns if handed_ns else arrived_ns
        about = {"session": session, "k": k, "tick": done.result.tick, "timing": done.timing.value}
        traces.span(session, k, ROOT, came_ns, left_ns, lateness_ms=done.lateness_ns / 1e6, **about)
        if handed_ns:
            traces.span(session, k, "ingest", came_ns, handed_ns)
        traces.span(session, k, "egress", arrived_ns, left_ns)
        traces.span(session, k, "voice", begun_ns, left_ns, under="egress")

    def _count(self, done: Done, *, ready_ns: int, handed_ns: int) -> None:
        metrics, result = self._services.metrics, done.result
        metrics.add(m.MICRO_TURNS, timing=done.timing.value)
        for what in result.degradations:
            metrics.add(m.DEGRADATIONS, what=what)
        if self._lockstep or not result.due_ns:
            return
        metrics.observe(m.LATENESS, done.lateness_ns / 1e9)
        stages = {"ingest": done.ingest_ns, "queue": result.queue_ns, "engine": result.engine_ns}
        stages |= {"experts": result.expert_ns, "voice": done.voice_ns, "egress": done.egress_ns}
        for stage, spent_ns in stages.items():
            metrics.observe(m.STAGE, max(0, spent_ns) / 1e9, stage=stage)
        if done.timing is Timing.ON_TIME:
            if self._misses:
                metrics.add(m.MISS_RUNS, length=str(self._misses) if self._misses < _LONG_RUN else f"{_LONG_RUN}+")
            self._misses = 0
        else:
            self._misses += 1
            metrics.add(m.MISSED, cause=cause_of(done, ready_ns=ready_ns, handed_ns=handed_ns).value)
