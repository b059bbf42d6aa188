"""Serves one engine to one scheduler: batches in, steps out, probes answered while a step runs."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import grpc
import structlog

from actors.engine_thread import Stepper, SteppingThread
from actors.engine_wire import decode_batch, encode_step
from cluster.clock import Clock
from cluster.telemetry import metrics as m
from cluster.telemetry.metrics import Metrics
from cluster.telemetry.tracing import ENGINE, Traces, context_of
from cluster.types import StepResult, Versions
from counterpoint.internal.v1 import engine_pb2 as pb
from counterpoint.internal.v1 import engine_pb2_grpc

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """What a scheduler must know before its first batch."""

    checkpoint: str
    config_json: str
    versions: Versions
    num_slots: int
    pages_free: int
    engine_epoch: int = 0  # in force; who takes the engine uses a higher one


class EngineService(engine_pb2_grpc.EngineServicer):
    """Steps for one scheduler at a time: the one with the highest engine epoch.

    A batch with a lower epoch ends its stream with FAILED_PRECONDITION; so does one of another stream with the same
    epoch, for two schedulers never share one. A step that fails is answered with `error` and the stream goes on: the
    scheduler repairs what the step may have half done.
    """

    def __init__(
        self,
        thread: SteppingThread[Stepper],
        facts: EngineFacts,
        metrics: Metrics,
        clock: Clock,
        *,
        traces: Traces | None = None,
        tell_experts: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        """tell_experts: gets the context of a traced step before it begins, and nothing once it is over."""
        self._thread, self._facts, self._metrics, self._clock = thread, facts, metrics, clock
        self._traces, self._tell_experts = traces, tell_experts
        self._epoch = 0
        self._owner: object = None

    async def Run(self, _: object, context: grpc.aio.ServicerContext) -> None:  # noqa: N802 - named by the wire
        stream = _Stream(context)
        await stream.write(pb.EngineDown(hello=self._hello()))
        try:
            while (up := await context.read()) is not grpc.aio.EOF:
                match up.WhichOneof("message"):
                    case "probe":
                        probe = pb.EngineProbe(
                            sent_ns=up.probe.sent_ns, progress=self._thread.progress, at_ns=self._clock.now_ns()
                        )
                        await stream.write(pb.EngineDown(probe=probe))
                    case "batch" if self._owns(stream, up.batch.engine_epoch):
                        stream.spawn(self._step(up.batch, stream))
                    case "batch":
                        stale = f"engine_epoch: {up.batch.engine_epoch} is stale, {self._epoch} holds this engine; stop"
                        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, stale)
        finally:
            stream.close()

    def _owns(self, stream: _Stream, epoch: int) -> bool:
        if epoch > self._epoch:
            self._epoch, self._owner = epoch, stream
            self._metrics.set(m.ENGINE_EPOCH, epoch)
            log.info("engine claimed", engine_epoch=epoch)
        return self._owner is stream and epoch == self._epoch

    async def _step(self, batch: pb.Batch, stream: _Stream) -> None:
        try:
            with self._traced(batch):
                result = await asyncio.wrap_future(self._thread.step(decode_batch(batch)))
        except Exception as failure:  # the engine outlives one bad batch; the scheduler is told
            log.exception("step failed", n=batch.n)
            await stream.write(pb.EngineDown(error=pb.EngineError(n=batch.n, message=f"step failed: {failure}")))
            return
        self._count(result)
        await stream.write(pb.EngineDown(step=encode_step(result)))

    @contextmanager
    def _traced(self, batch: pb.Batch) -> Iterator[None]:
        """One step serves many micro-turns: the calls of its experts are told in the trace of the first traced one."""
        traces = self._traces
        taken = [
            (work.session, turn.k)
            for work in (batch.work if traces is not None else ())
            for turn in work.turns
            if traces.takes(work.session, turn.k)
        ]
        if traces is None or not taken:
            yield
            return
        began_ns = self._clock.now_ns()
        self._tell_experts(context_of(*taken[0], ENGINE))
        try:
            yield
        finally:
            self._tell_experts(b"")
            about = {"tick": batch.n, "sessions": len(batch.work)}
            for session, k in taken:
                traces.span(session, k, ENGINE, began_ns, self._clock.now_ns(), under="tick", **about)

    def _count(self, result: StepResult) -> None:
        self._metrics.observe(m.STEP, result.engine_ns / 1e9)
        self._metrics.add(m.PASSES, result.passes)
        self._metrics.add(m.FENCED, len(result.rejected), place="engine")
        self._metrics.set(m.CONTEXT_TOKENS, sum(slot.context_tokens for slot in result.results))

    def _hello(self) -> pb.EngineHello:
        return pb.EngineHello(
            checkpoint=self._facts.checkpoint,
            versions_json=json.dumps(asdict(self._facts.versions)),
            config_json=self._facts.config_json,
            num_slots=self._facts.num_slots,
            pages_free=self._facts.pages_free,
            pid=os.getpid(),
            engine_epoch=self._epoch,
        )


class _Stream:
    """Writes of a stream come from several tasks and must not overlap."""

    def __init__(self, context: grpc.aio.ServicerContext) -> None:
        self._context = context
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def write(self, down: pb.EngineDown) -> None:
        async with self._lock:
            await self._context.write(down)

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
