"""One trace tells the way of one micro-turn, under a name that session and k give it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from actors.engine_service import EngineService
from actors.expert_service import ExpertService
from actors.expert_wire import ShardShape, encode_call
from actors.traces import OtlpTraces, traces_from_environment
from actors.tracing import tracing
from cluster.clock import MonotonicClock
from cluster.errors import ConfigError
from cluster.telemetry.metrics import Metrics
from cluster.telemetry.tracing import ENGINE, ROOT, Sampler, context_of, span_id, trace_id
from cluster.types import Dtype, ExpertCall, TensorFrame
from counterpoint.internal.v1.engine_pb2 import Batch, Turn, Work
from counterpoint.internal.v1.expert_pb2 import ExpertUp
from evals.bench.traces import trace_rows
from tests.observability.collector import collecting


def test_actors_that_know_nothing_of_each_other_tell_one_tree() -> None:
    exporters = {actor: InMemorySpanExporter() for actor in ("ingest-0", "engine-0", "expert-1")}
    ingest, engine, expert = (OtlpTraces(exporter, actor=actor, share=1) for actor, exporter in exporters.items())
    engine.span("s", 7, ENGINE, 20, 30, under="tick", tick=107)
    expert.within(context_of("s", 7, ENGINE), "expert", 22, 24, layer=3)
    expert.within(context_of("s", 7, ENGINE), "expert", 25, 26, layer=4)
    ingest.span("s", 7, ROOT, 10, 40, session="s", k=7)
    for traces in (ingest, engine, expert):
        traces.close()
    spans = [span for exporter in exporters.values() for span in exporter.get_finished_spans()]
    trace = trace_id("s", 7)
    assert {span.context.trace_id for span in spans} == {trace}
    assert len({span.context.span_id for span in spans}) == 4
    by_name = {span.name: span for span in spans}
    assert by_name[ROOT].parent is None
    assert dict(by_name[ROOT].attributes) == {"session": "s", "k": 7}
    assert by_name[ENGINE].parent.span_id == span_id(trace, "tick")
    assert by_name["expert"].parent.span_id == by_name[ENGINE].context.span_id
    assert by_name[ENGINE].end_time - by_name[ENGINE].start_time == 10
    assert by_name["expert"].attributes["layer"] == 4
    assert by_name["expert"].resource.attributes["service.name"] == "counterpoint-expert"


@pytest.mark.parametrize("context", [b"", b"short", bytes(24)])
def test_what_is_no_context_is_told_to_nobody(context: bytes) -> None:
    exporter = InMemorySpanExporter()
    traces = OtlpTraces(exporter, actor="expert-0", share=1)
    traces.within(context, "expert", 1, 2)
    traces.close()
    assert exporter.get_finished_spans() == ()


def test_a_share_is_traced_and_it_is_the_same_one_for_everybody() -> None:
    chosen = {k for k in range(400) if Sampler(0.25).takes("s", k)}
    assert 60 < len(chosen) < 140
    assert chosen <= {k for k in range(400) if Sampler(0.5).takes("s", k)}
    assert not any(Sampler(0.0).takes("s", k) for k in range(50))
    assert all(Sampler(1.0).takes("s", k) for k in range(50))


def test_spans_reach_the_endpoint_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    with collecting() as collector:
        for name, value in collector.environment.items():
            monkeypatch.setenv(name, value)
        traces = tracing("ingest-0")
        assert traces is not None
        traces.span("s", 7, ROOT, 1, 2, tick=107)
        traces.close()
    ((actor, span),) = collector.spans
    assert (actor, int.from_bytes(span.trace_id)) == ("ingest-0", trace_id("s", 7))


def test_without_an_endpoint_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert tracing("ingest-0") is None


def test_a_share_that_is_no_number_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "always")
    with pytest.raises(ConfigError, match="OTEL_TRACES_SAMPLER_ARG"):
        traces_from_environment("ingest-0")


class Echo:
    """A bank of one expert that gives back what it gets."""

    shape = ShardShape(num_layers=1, hidden_size=2, experts=frozenset({0}), dtype=Dtype.F32)
    weights_sha256, deterministic = "", False

    def forward(self, layer: int, experts: tuple[int, ...], rows: TensorFrame) -> TensorFrame:
        return rows


def call() -> ExpertUp:
    rows = TensorFrame(Dtype.F32, (1, 2), bytes(8))
    fields = {"placement_epoch": 0, "tick": 5, "pass_index": 0, "layer": 0, "attempt": 0}
    return encode_call(1, ExpertCall(experts=(0,), rows=rows, **fields))


@pytest.mark.parametrize("share", [1.0, 0.0])
def test_the_calls_of_a_traced_step_carry_its_context_and_of_no_other(share: float) -> None:
    told: list[bytes] = []
    steps, calls = InMemorySpanExporter(), InMemorySpanExporter()
    engine, expert = OtlpTraces(steps, actor="engine-0", share=share), OtlpTraces(calls, actor="expert-0", share=0)
    facts = SimpleNamespace(engine_epoch=0)
    service = EngineService(None, facts, Metrics(), MonotonicClock(), traces=engine, tell_experts=told.append)
    shard = ExpertService(Echo(), metrics=Metrics(), clock=MonotonicClock(), traces=expert)
    with service._traced(Batch(n=5, work=[Work(session="s", turns=[Turn(k=7)])])):
        up = call()
        up.call.trace = told[-1] if told else b""
        assert shard._answer(up).HasField("answer")
    for traces in (engine, expert):
        traces._provider.force_flush()
    stepped, called = steps.get_finished_spans(), calls.get_finished_spans()
    assert len(stepped) == len(called) == share
    assert told == ([context_of("s", 7, ENGINE), b""] if share else [])
    for step, done in zip(stepped, called, strict=True):
        assert done.parent.span_id == step.context.span_id
        assert done.context.trace_id == step.context.trace_id == trace_id("s", 7)
    for traces in (engine, expert):
        traces.close()


def test_off_costs_a_micro_turn_less_than_a_thousandth_of_its_time() -> None:
    row = next(trace_rows())
    assert row["state"] == "off"
    assert row["of_a_micro_turn"] < 1e-3
