"""The report as it is read, on its page and in a terminal: goals, every way alike, recorded people, the machine."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from test_eval_goals import DIALOGUE, TIMESPEAK, a_set, answered, asked_by
from test_eval_onset import answer, asked

from evals.harness.others import Others
from evals.harness.page import page
from evals.harness.realtime import Live
from evals.harness.report import Findings, report
from evals.harness.scoring import score
from evals.harness.table import show

ITEMS = asked_by("flite:slt", "flite:rms", "human:allison")
MACHINE = {"cpu": "a core", "cores": 2, "load_at_start": 1.5, "checkpoint": "micro@0"}


def timed(folder: Path, cores: float = 0.1) -> dict[str, Any]:
    right, silent = answered(ITEMS, "flite:slt"), answered(ITEMS)
    found = Findings(
        lockstep=right,
        realtime=right,
        live=(Live(id="0", turns=45, latency_ms=[90.0]),),
        controls={"silence": silent, "cascade": silent},
        floors={"a floor": silent},
        others=Others(cores),
        versions=MACHINE,
        dtypes={"lockstep": "f32", "realtime": "f32"},
    )
    return report(TIMESPEAK, a_set(folder, "timespeak", ITEMS), found)


def asked_a_question(folder: Path) -> dict[str, Any]:
    items = (asked(3.13),)
    found = Findings(lockstep=score(DIALOGUE, items, {"q": answer(16)}), versions=MACHINE)
    return report(DIALOGUE, a_set(folder, "dialogue", items), found)


def on_the_page(told: dict[str, Any]) -> str:
    shown = page(told, [90.0])
    for tag in ("section", "table", "tr", "td", "svg", "b", "small"):
        assert shown.count(f"<{tag}>") + shown.count(f"<{tag} ") == shown.count(f"</{tag}>")
    return shown


def in_the_terminal(told: dict[str, Any]) -> str:
    shown = io.StringIO()
    show(Console(width=200, file=shown), told)
    return shown.getvalue()


WAYS = pytest.mark.parametrize("shown_by", [on_the_page, in_the_terminal])


@WAYS
def test_goals_are_shown_with_what_was_wanted_and_what_the_figures_fall_short_of(shown_by: Any, tmp_path: Path) -> None:
    shown = shown_by(timed(tmp_path))
    for text in ("strict score", "≥ 90.0", "at least twice its best blind floor", "not reached", "not measured"):
        assert text in shown
    assert "of the dev split, not of the test set" in shown


@WAYS
def test_recorded_people_have_a_place_of_their_own_and_their_absence_a_sentence(shown_by: Any, tmp_path: Path) -> None:
    assert "A recorded person asks in 1 of 3 items" in shown_by(timed(tmp_path))
    assert "No recorded person asks in this set" in shown_by(asked_a_question(tmp_path))


@WAYS
def test_a_run_beside_others_is_marked_and_a_quiet_one_is_not(shown_by: Any, tmp_path: Path) -> None:
    busy = shown_by(timed(tmp_path, cores=1.07))
    assert "busy machine" in busy
    assert "Others kept 1.07 of 2 cores busy" in busy
    assert "busy machine" not in shown_by(timed(tmp_path))
    assert "others had 0.1 cores" in shown_by(timed(tmp_path))


@WAYS
def test_the_dtype_of_both_ways_and_the_load_are_shown(shown_by: Any, tmp_path: Path) -> None:
    shown = shown_by(timed(tmp_path))
    assert "virtual clock f32, real time f32" in shown
    assert "load 1.5 before the run" in shown


@WAYS
def test_the_parts_of_an_onset_are_shown_where_a_question_was_answered(shown_by: Any, tmp_path: Path) -> None:
    shown = shown_by(asked_a_question(tmp_path))
    for text in ("due time D", "what medians leave over", "micro-turns until it began to answer"):
        assert text in shown
    assert "due time D" not in shown_by(timed(tmp_path))
