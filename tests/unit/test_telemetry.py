"""The table of metrics keeps its own rules, and logs never hold content."""

from __future__ import annotations

import io
import json

import pytest

from cluster.errors import StoreUnavailable
from cluster.telemetry.logging import REFUSED, configure_logging
from cluster.telemetry.metrics import OVERRUNS, PROCESS, STAGE, TABLE, Kind, Metrics


def test_names_are_ours_unique_and_end_in_base_units() -> None:
    names = [metric.name for metric in TABLE]
    assert len(names) == len(set(names))
    assert all(name.startswith("counterpoint_") for name in names)
    for metric in TABLE:
        match metric.kind:
            case Kind.COUNTER:
                assert metric.name.endswith("_total")
            case Kind.HISTOGRAM:
                assert metric.name.endswith(("_seconds", "_bytes"))
                assert metric.buckets == tuple(sorted(metric.buckets))
            case Kind.GAUGE:
                assert not metric.name.endswith(("_total", "_ms", "_us", "_ns"))


def test_no_label_can_hold_a_session() -> None:
    assert not {"session", "session_id", "tenant", "k", "n"} & {label for metric in TABLE for label in metric.labels}


def test_what_was_counted_is_what_is_scraped() -> None:
    metrics = Metrics()
    metrics.add(OVERRUNS, 2)
    metrics.observe(STAGE, 0.003, stage="engine")
    text = metrics.text().decode()
    assert "counterpoint_overruns_total 2.0" in text
    assert all(f"\n{name} " in text for name in PROCESS)
    assert 'counterpoint_stage_seconds_bucket{le="0.005",stage="engine"} 1.0' in text


def test_a_label_the_table_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="label"):
        Metrics().add(OVERRUNS, session="s")


def test_a_log_line_is_json_with_its_bound_fields_and_without_content() -> None:
    out = io.StringIO()
    log = configure_logging("ingest", stream=out).bind(session="s-1", k=7)
    log.info("turn done", text="what was said", token="secret", lateness_us=-3)
    line = json.loads(out.getvalue())
    assert (line["role"], line["session"], line["k"], line["lateness_us"]) == ("ingest", "s-1", 7, -3)
    assert line["refused"] == ["text", "token"]
    assert "what was said" not in out.getvalue()
    assert not REFUSED & set(line)


def test_an_exception_is_logged_by_its_place_and_kind_and_not_with_the_value_it_met() -> None:
    out = io.StringIO()
    log, said = configure_logging("ingest", stream=out), "my secret"
    try:
        try:
            {}[said]
        except KeyError as error:
            raise StoreUnavailable("the store does not answer") from error
    except StoreUnavailable as error:
        log.exception("turn failed")
        log.error("and again", exc_info=error)
    for line in map(json.loads, out.getvalue().splitlines()):
        assert "test_telemetry.py" in line["exception"]
        assert "KeyError\n" in line["exception"]
        assert line["exception"].endswith("StoreUnavailable: the store does not answer")
        assert "exc_info" not in line
    assert len(out.getvalue().splitlines()) == 2
    assert "secret" not in out.getvalue()


def test_lines_below_the_level_are_not_written() -> None:
    out = io.StringIO()
    configure_logging("engine", level="warning", stream=out).info("step done", n=1)
    assert out.getvalue() == ""
