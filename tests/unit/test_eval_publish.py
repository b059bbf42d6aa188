"""The page on the test sets says what the reports beside it say, and nothing that was not looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.harness.looks import PATH
from evals.harness.names import NAMES
from evals.publish import HOME, page, publish

REPORTS = [json.loads((HOME / f"{name}.json").read_text()) for name in NAMES]
LOOKS = [json.loads(line) for line in PATH.read_text().splitlines()]


def test_the_page_in_the_tree_is_that_of_the_reports_beside_it() -> None:
    assert page(REPORTS, LOOKS) == (HOME / "README.md").read_text(), "python -m evals.publish writes it again"


def test_every_set_has_its_scores_its_goals_and_the_look_that_they_took() -> None:
    text = page(REPORTS, LOOKS)
    for report in REPORTS:
        row = next(line for line in text.split("## Scores")[1].splitlines() if line.startswith(f"| {report['name']} |"))
        assert f"| {report['lockstep']['score']:.1f} (" in row and f"| {report['controls']['silence']:.1f} |" in row
        goals = text.split("## Goals")[1].split("## The cluster")[0]
        assert goals.count(f"| {report['name']} |") == len(report["goals"]["rows"])
        assert all(f"- {report['name']}: " in text for _ in report["refused"])


def test_a_report_whose_look_was_not_counted_is_not_published() -> None:
    with pytest.raises(ValueError, match=r"timespeak: evals/looks\.jsonl has no look of the weights"):
        page(REPORTS, [look for look in LOOKS if look["name"] != "timespeak"])


def test_a_second_look_is_told_as_the_second() -> None:
    report: dict[str, Any] = json.loads(json.dumps(REPORTS[0]))
    report["versions"]["checkpoint"] = "counterpoint-micro@0123456789ab"
    look = {"date": "2026-12-01", "name": report["name"], "set": "", "checkpoint": "0123456789ab" + "0" * 52}
    first = next(look for look in LOOKS if look["name"] == report["name"])
    assert "| timespeak | 2026-12-01 | 2 of 3 | 0123456789ab |" in page([report], [first, look])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "cuespeak.json").write_text(json.dumps(REPORTS[1]))
    return tmp_path / "reports"


def test_a_new_report_takes_its_place_on_the_page(home: Path, tmp_path: Path) -> None:
    (tmp_path / "new.json").write_text(json.dumps(REPORTS[0]))
    publish([tmp_path / "new.json"], home)
    assert {path.name for path in home.iterdir()} == {"README.md", "cuespeak.json", "timespeak.json"}
    assert (home / "README.md").read_text() == page(REPORTS[:2], LOOKS)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"set": {**REPORTS[0]["set"], "known": "this is NOT the frozen set: 0 instead of 1"}}, "only reports on the"),
        ({"name": "ifeval"}, "only reports on the frozen test sets"),
        ({"versions": {**REPORTS[0]["versions"], "checkpoint": "mine@0"}}, "has no look of the weights 0"),
    ],
    ids=["another set", "another kind", "no look"],
)
def test_what_may_not_be_published_changes_nothing(
    change: dict[str, Any], says: str, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "new.json").write_text(json.dumps(REPORTS[0] | change))
    with pytest.raises(ValueError, match=says):
        publish([tmp_path / "new.json"], home)
    assert [path.name for path in home.iterdir()] == ["cuespeak.json"]
