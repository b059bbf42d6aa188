"""One trace tells the way of one micro-turn, under a name that session and k give it."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from actors.traces import OtlpTraces, traces_from_environment
from cluster.errors import ConfigError
from cluster.telemetry.tracing import Way, trace_id
from counterpoint.v1 import interaction_pb2 as v1
from tests.actors.ingest_rig import rig, write_checkpoint

MS = 1_000_000
WAY = Way(ingest_ns=1 * MS, queue_ns=2 * MS, engine_ns=40 * MS, expert_ns=25 * MS, voice_ns=3 * MS, egress_ns=4 * MS)


def traced(share: float, ks: range) -> list:
    exporter = InMemorySpanExporter()
    traces = OtlpTraces(exporter, share=share)
    for k in ks:
        traces.left("s", k, WAY, timing="on_time", tick=100 + k)
    traces.close()
    return list(exporter.get_finished_spans())


def test_a_trace_has_every_stage_in_order_without_gaps_and_experts_inside_the_engine() -> None:
    spans = {span.name: span for span in traced(1.0, range(7, 8))}
    root = spans["micro-turn"]
    assert {span.context.trace_id for span in spans.values()} == {trace_id("s", 7)}
    assert dict(root.attributes) == {"session": "s", "k": 7, "tick": 107, "timing": "on_time"}
    assert root.end_time - root.start_time == 50 * MS
    stages = [spans[name] for name in ("ingest", "queue", "engine", "voice", "egress")]
    assert [stage.parent.span_id for stage in stages] == [root.context.span_id] * 5
    ends = [root.start_time, *(stage.end_time for stage in stages)]
    assert [stage.start_time for stage in stages] == ends[:-1]
    assert ends[-1] == root.end_time
    experts, engine = spans["experts"], spans["engine"]
    assert experts.parent.span_id == engine.context.span_id
    assert engine.start_time <= experts.start_time < experts.end_time <= engine.end_time


def test_a_share_is_traced_and_it_is_the_same_one_for_everybody() -> None:
    def chosen() -> set[int]:
        return {span.attributes["k"] for span in traced(0.25, range(400)) if span.name == "micro-turn"}

    assert 60 < len(chosen()) < 140
    assert chosen() == chosen()


def test_no_share_is_no_trace() -> None:
    assert traced(0.0, range(50)) == []


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What a collector gets from this process, which traces everything to it."""
    got: list[bytes] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "1")
        yield got
        server.shutdown()
        thread.join()


def spans_of(got: list[bytes]) -> list[Span]:
    messages = map(ExportTraceServiceRequest.FromString, got)
    return [
        span
        for message in messages
        for resource in message.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def test_traces_reach_the_endpoint_that_the_environment_names(collected: list[bytes]) -> None:
    traces = traces_from_environment()
    traces.left("s", 7, WAY, timing="on_time", tick=107)
    traces.close()
    spans = spans_of(collected)
    assert {int.from_bytes(span.trace_id) for span in spans} == {trace_id("s", 7)}
    assert len(spans) == 7


async def test_an_ingest_tells_the_way_of_every_micro_turn_it_sends(collected: list[bytes], tmp_path: Path) -> None:
    async with rig(write_checkpoint(tmp_path), {}) as served:
        client, granted = await served.opened(lockstep=False)
        for k in range(3):
            await client.audio(k)
        await client.turns(3)
        await client.send(close=v1.Close())
        await client.next("closed")
    ways = [span for span in spans_of(collected) if span.name == "micro-turn"]
    assert [int.from_bytes(span.trace_id) for span in ways] == [trace_id(granted.session_id, k) for k in range(3)]


def test_a_share_that_is_no_number_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "always")
    with pytest.raises(ConfigError, match="OTEL_TRACES_SAMPLER_ARG"):
        traces_from_environment()
