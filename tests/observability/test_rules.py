"""Rules, dashboards and runbooks name only what exists, and every rule has a unit test that promtool runs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from actors.wire import fault_of
from cluster.errors import (
    CounterpointError,
    InvalidInput,
    ProtocolError,
    Rejected,
    ResyncRequired,
    StoreUnavailable,
    Unauthenticated,
)
from cluster.media.timeline import MediaOutcome
from cluster.telemetry import metrics as m
from cluster.telemetry.metrics import PROCESS, TABLE, Kind
from observability.dashboards import written
from observability.panels.state import GAP

HOME = Path(__file__).parents[2] / "observability"
RULES = sorted((HOME / "rules").glob("*.yaml"))
TESTS = sorted((HOME / "tests").glob("*.yaml"))
HISTOGRAM_PARTS = ("_bucket", "_count", "_sum")

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is missing: apt-get install --no-install-recommends prometheus"
)


def rules() -> list[dict[str, Any]]:
    return [rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def series() -> set[str]:
    names = set(PROCESS)
    for metric in TABLE:
        parts = HISTOGRAM_PARTS if metric.kind is Kind.HISTOGRAM else ("",)
        names |= {metric.name + part for part in parts}
    return names


def alerts() -> list[str]:
    return [rule["alert"] for rule in rules() if "alert" in rule]


@pytest.mark.parametrize(
    "path",
    [*RULES, *TESTS, *sorted(HOME.glob("runbooks/*.md")), *sorted(HOME.glob("dashboards/*.json"))],
    ids=lambda p: p.name,
)
def test_every_metric_named_is_in_the_table(path: Path) -> None:
    text = re.sub(r"counterpoint-\w+", "", path.read_text())
    assert set(re.findall(r"\bcounterpoint_\w+", text)) <= series()


@pytest.mark.parametrize(
    "path", [*RULES, *sorted(HOME.glob("runbooks/*.md")), *sorted(HOME.glob("dashboards/*.json"))], ids=lambda p: p.name
)
def test_every_recorded_series_named_is_recorded(path: Path) -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    assert set(re.findall(r"\b(?:cluster|actor|stage):\w+:\w+", path.read_text())) <= recorded


def test_every_metric_of_the_table_is_on_a_dashboard() -> None:
    shown = "".join(written().values()) + "".join(path.read_text() for path in RULES)
    assert {metric.name for metric in TABLE if metric.name not in shown} == set()


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    assert {path.stem for path in HOME.glob("runbooks/*.md")} == set(alerts())
    for rule in rules():
        if "alert" in rule:
            assert rule["annotations"]["runbook"] == f"runbooks/{rule['alert']}.md"
            assert rule["labels"]["severity"] in ("page", "ticket")


@pytest.mark.parametrize("alert", alerts())
def test_a_page_says_what_it_means_whom_it_hurts_how_to_look_and_what_to_do(alert: str) -> None:
    page = (HOME / "runbooks" / f"{alert}.md").read_text()
    assert re.findall(r"^#+ (.*)$", page, re.M) == [alert, "Meaning", "Impact", "Diagnosis", "Mitigation"]
    assert "```promql" in page
    assert set(re.findall(r"\bCounterpoint\w+", page)) <= set(alerts())


def test_every_rule_has_a_unit_test_and_every_alert_one_in_which_it_is_raised() -> None:
    cases = [case for path in TESTS for case in yaml.safe_load(path.read_text())["tests"]]
    checked = [check for case in cases for check in case.get("alert_rule_test", ())]
    assert {check["alertname"] for check in checked if check["exp_alerts"]} == set(alerts())
    assert {check["alertname"] for check in checked if not check["exp_alerts"]} >= set(alerts())
    asked = " ".join(check["expr"] for case in cases for check in case.get("promql_expr_test", ()))
    assert {rule["record"] for rule in rules() if "record" in rule} <= set(re.findall(r"[\w:]+", asked))


def test_what_is_drawn_of_failovers_is_what_its_unit_test_asks_for() -> None:
    asked = [
        check["expr"]
        for case in yaml.safe_load((HOME / "tests" / "state.test.yaml").read_text())["tests"]
        for check in case.get("promql_expr_test", ())
    ]
    assert any(GAP in expression for expression in asked)


def test_the_labels_known_from_the_start_are_the_ones_that_are_counted() -> None:
    assert set(m.MEDIA_OUTCOMES.known) == set(MediaOutcome)
    errors: list[CounterpointError] = [
        error("f", "m") for error in (ProtocolError, InvalidInput, Rejected, Unauthenticated)
    ]
    errors += [error("m") for error in (ResyncRequired, StoreUnavailable, CounterpointError)]
    assert {fault_of(error)[0].code for error in errors} == set(m.STREAM_ERRORS.known)


def test_the_dashboards_are_what_their_panels_give() -> None:
    assert {path: path.read_text() for path in HOME.glob("dashboards/*.json")} == written()


def test_the_first_dashboard_asks_first_whether_micro_turns_are_on_time() -> None:
    board = json.loads((HOME / "dashboards" / "sessions.json").read_text())
    questions = [panel["title"] for panel in board["panels"] if panel["type"] == "row"]
    assert questions == [
        "Are micro-turns on time?",
        "Where does the time go?",
        "How full are we?",
        "What was shed?",
    ]


@needs_promtool
def test_prometheus_takes_the_rules() -> None:
    done = subprocess.run([PROMTOOL, "check", "rules", *RULES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
@pytest.mark.parametrize("path", TESTS, ids=lambda p: p.name)
def test_the_unit_tests_of_the_rules_hold(path: Path) -> None:
    done = subprocess.run([PROMTOOL, "test", "rules", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_every_query_of_dashboards_and_runbooks_is_promql(tmp_path: Path) -> None:
    found = [
        query
        for path in HOME.glob("runbooks/*.md")
        for query in re.findall(r"```promql\n(.*?)\n```", path.read_text(), re.S)
    ]
    for text in written().values():
        found += [target["expr"] for panel in json.loads(text)["panels"] for target in panel.get("targets", ())]
    asked = [
        {"record": f"asked:{i}:query", "expr": query.replace("$__rate_interval", "1m")} for i, query in enumerate(found)
    ]
    file = tmp_path / "asked.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": asked}]}))
    done = subprocess.run([PROMTOOL, "check", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
