"""What tracing costs one micro-turn: where it is off, where this one was not sampled, and where it is told.

Off is measured where it stands: the engine's part is entered and left, and the other actors ask whether they trace as
often as they do in a micro-turn that speaks. The spans of a traced one go to an exporter that drops them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import thread_time
from timeit import repeat
from types import SimpleNamespace

from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from actors.engine_service import EngineService
from actors.traces import OtlpTraces
from cluster.clock import MonotonicClock
from cluster.telemetry.metrics import Metrics
from cluster.telemetry.tracing import ENGINE, ROOT, Traces, context_of
from cluster.types import MICRO_TURN_MS
from counterpoint.internal.v1.engine_pb2 import Batch, Turn, Work

LAYERS, PASSES = 6, 3  # of the shipped model; a micro-turn that speaks
CALLS = LAYERS * PASSES  # to expert shards
SPANS = ("ingest", "egress", "voice", "queue", "tick")  # besides ROOT and ENGINE
TIMES, ROUNDS = 500, 7


class _Nowhere(SpanExporter):
    def export(self, spans: object) -> SpanExportResult:
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None: ...


def trace_rows() -> Iterator[dict[str, object]]:
    """One row a state, in microseconds of processor time and as a share of the 200 ms."""
    yield _row("off", None)
    for state, share in (("not sampled", 0.0), ("traced", 1.0)):
        traces = OtlpTraces(_Nowhere(), actor="bench-0", share=share)
        yield _row(state, traces)
        traces.close()


def _row(state: str, traces: Traces | None) -> dict[str, object]:
    us = 1e6 * min(repeat(_micro_turn(traces), timer=thread_time, number=TIMES, repeat=ROUNDS)) / TIMES
    return {
        "what": "traces",
        "state": state,
        "us": round(us, 2),
        "of_a_micro_turn": round(us / (1e3 * MICRO_TURN_MS), 7),
    }


def _micro_turn(traces: Traces | None) -> Callable[[], None]:
    facts = SimpleNamespace(engine_epoch=0)
    engine = EngineService(None, facts, Metrics(), MonotonicClock(), traces=traces, tell_experts=lambda _: None)  # type: ignore[arg-type]  # no step is run
    batch, actor = Batch(n=1, work=[Work(session="s", turns=[Turn(k=7)])]), SimpleNamespace(traces=traces)
    context = context_of("s", 7, ENGINE) if traces is not None and traces.takes("s", 7) else b""

    def run() -> None:
        with engine._traced(batch):
            for _ in range(CALLS):
                if actor.traces is not None and context:
                    actor.traces.within(context, "expert", 1, 2, rows=6, layer=1)
        for _ in ("ingest", "scheduler"):
            if actor.traces is not None and actor.traces.takes("s", 7):
                pass
        if context:
            actor.traces.span("s", 7, ROOT, 1, 9)
            for name in SPANS:
                actor.traces.span("s", 7, name, 1, 9)

    return run
