"""Every actor tells its own part of a micro-turn, and a collector sees one whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.telemetry.tracing import ROOT, trace_id
from tests.e2e.conftest import serving
from tests.e2e.talking import converse
from tests.observability.collector import collecting

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(240)]


async def test_a_collector_gets_one_trace_from_ingest_scheduler_engine_and_an_expert_shard(
    checkpoint: Path, tmp_path: Path
) -> None:
    with collecting() as collector:
        with serving(checkpoint, tmp_path, "--sessions", "1", env=collector.environment) as served:
            talk = await converse(served.target, 2.0)
        assert talk.turns  # what was left to send was sent while the actors stopped
    whole = [
        spans
        for spans in collector.traces().values()
        if {actor.rpartition("-")[0] for actor, _ in spans} == {"ingest", "scheduler", "engine", "expert"}
    ]
    assert len(whole) > len(talk.turns) / 2
    spans = whole[len(whole) // 2]
    names = {span.name: span for _, span in spans}
    assert set(names) == {ROOT, "ingest", "queue", "tick", "engine", "expert", "egress", "voice"}
    root = names[ROOT]
    about = {a.key: a.value for a in root.attributes}
    assert int.from_bytes(root.trace_id) == trace_id(about["session"].string_value, about["k"].int_value)
    assert names["expert"].parent_span_id == names["engine"].span_id
    assert names["engine"].parent_span_id == names["tick"].span_id
    assert names["tick"].parent_span_id == root.span_id
    times = [(span.start_time_unix_nano, span.end_time_unix_nano) for _, span in spans]
    slack_ns = 2_000_000  # wall and monotonic clock are read one after the other
    assert all(root.start_time_unix_nano - slack_ns <= a <= b <= root.end_time_unix_nano + slack_ns for a, b in times)
