"""Serves one engine to one scheduler: batches in, steps out, probes answered while a step runs."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from queue import SimpleQueue
from typing import TypeAlias

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

# What waits to be written: a message, why the stream is aborted, or None at its end.
_Out: TypeAlias = "SimpleQueue[pb.EngineDown | str | None]"


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
        self._lock = threading.Lock()  # of the two

    def Run(self, requests: Iterator[pb.EngineUp], context: grpc.ServicerContext) -> Iterator[pb.EngineDown]:  # noqa: N802 - named by the wire
        out: _Out = SimpleQueue()
        out.put(pb.EngineDown(hello=self._hello()))
        context.add_callback(lambda: out.put(None))
        threading.Thread(target=self._read, args=(requests, out), name="engine-reader", daemon=True).start()
        for down in iter(out.get, None):
            if isinstance(down, str):
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, down)
            yield down

    def _read(self, requests: Iterator[pb.EngineUp], out: _Out) -> None:
        try:
            for up in requests:
                match up.WhichOneof("message"):
                    case "probe":
                        probe = pb.EngineProbe(
                            sent_ns=up.probe.sent_ns, progress=self._thread.progress, at_ns=self._clock.now_ns()
                        )
                        out.put(pb.EngineDown(probe=probe))
                    case "batch" if self._owns(out, up.batch.engine_epoch):
                        self._step(up.batch, out)
                    case "batch":
                        given = up.batch.engine_epoch
                        out.put(f"engine_epoch: {given} is stale, {self._epoch} holds this engine; stop")
        except grpc.RpcError:  # the stream is over
            pass
        finally:
            out.put(None)

    def _owns(self, stream: object, epoch: int) -> bool:
        with self._lock:
            if epoch > self._epoch:
                self._epoch, self._owner = epoch, stream
                self._metrics.set(m.ENGINE_EPOCH, epoch)
                log.info("engine claimed", engine_epoch=epoch)
            return self._owner is stream and epoch == self._epoch

    def _step(self, batch: pb.Batch, out: _Out) -> None:
        traced = ExitStack()
        traced.enter_context(self._traced(batch))

        def done(future: Future[StepResult]) -> None:
            traced.close()
            out.put(self._answer(batch.n, future))

        try:
            self._thread.step(decode_batch(batch)).add_done_callback(done)
        except Exception as failure:
            failed: Future[StepResult] = Future()
            failed.set_exception(failure)
            done(failed)

    def _answer(self, n: int, future: Future[StepResult]) -> pb.EngineDown:
        try:
            result = future.result()
            self._count(result)
            return pb.EngineDown(step=encode_step(result))
        except Exception as failure:  # the engine outlives one bad batch; the scheduler is told
            log.exception("step failed", n=n)
            return pb.EngineDown(error=pb.EngineError(n=n, message=f"step failed: {failure}"))

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
        self._metrics.add(m.SHARDS_USED, result.shards_used, attempt="first")
        self._metrics.add(m.SHARDS_USED, result.reissued_calls, attempt="again")
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
