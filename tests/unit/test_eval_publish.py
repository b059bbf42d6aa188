"""The page on the test sets says what the reports beside it say, and nothing that was not looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.harness.looks import PATH
from evals.publish import HOME, ORDER, page, publish

REPORTS = [json.loads((HOME / f"{name}.json").read_text()) for name in ORDER]
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


def test_a_report_on_dev_is_refused(tmp_path: Path) -> None:
    report = REPORTS[0] | {"set": REPORTS[0]["set"] | {"split": "dev"}}
    (tmp_path / "timespeak.json").write_text(json.dumps(report))
    with pytest.raises(ValueError, match="is on the dev split"):
        publish([tmp_path / "timespeak.json"], home=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["timespeak.json"]
