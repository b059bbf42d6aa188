"""Evaluation: what is heard when, what a report must hold, how often a test may be looked at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cluster.errors import ConfigError
from evals.harness import looks, refusal
from evals.harness.controls import controls, oracle
from evals.harness.heard import Heard, slot_s
from evals.harness.intervals import bootstrap, bootstrap_mean
from evals.harness.names import named
from evals.harness.page import page
from evals.harness.report import Findings, report
from evals.harness.scoring import by_seconds, sample, score
from evals.harness.sets import EvalSet, open_set
from evals.harness.trace import ItemTrace, Trace
from evals.items import Emitted, Expect, Item, Outcome, Said, write_set

TIMESPEAK = named("timespeak")
CONTROLS = (  # those that are asked of every report, named here apart from the harness
    *("silence", "always_talk", "metronome", "oracle", "oracle_delayed_1", "oracle_delayed_2", "oracle_delayed_5"),
    *("zero_weights", "cascade"),
)
GOOD = {
    "model": 80.0,
    "controls": {**dict.fromkeys(CONTROLS, 25.0), "oracle": 100.0, "cascade": 30.0},
    "floors": {"say it at once": 30.0},
    "zeroed_spoke": 0,
    "cascade_items": 60,
}


def item(name: str, *moments: float, **tags: str) -> Item:
    expect = tuple(Expect(text="drink water", from_s=at - 0.4, to_s=at + 0.4) for at in moments)
    return Item(id=name, duration_s=30.0, expect=expect, tags={"family": "every" if moments else "decoy", **tags})


ITEMS = (item("a", 5.0, 10.0, 15.0, n="5"), item("b", 7.0, 14.0, n="7"), item("c"), item("d", 9.0, n="9"))


def test_an_output_is_heard_when_its_micro_turn_its_margin_and_its_due_time_are_over() -> None:
    assert slot_s(0) == pytest.approx(0.39)
    assert slot_s(9) == pytest.approx(2.19)


def test_words_of_one_micro_turn_are_one_output_and_the_next_micro_turn_begins_another() -> None:
    heard = Heard()
    heard.word("drink", 4, 1.19)
    heard.word("water", 4, 1.5)
    heard.word("one", 6, 1.9)  # the voice was still busy
    heard.ended(2.3)
    heard.event("keep", 2.5)
    heard.word("two", 20, 4.42, late_s=0.03)
    assert heard.said(4.6) == [
        Said(onset_s=1.19, text="drink water", end_s=1.9, emitted=Emitted(k=4, jitter_ms=30, due_ms=160)),
        Said(onset_s=1.9, text="one", end_s=2.3, emitted=Emitted(k=6, jitter_ms=30, due_ms=160)),
        Said(onset_s=2.5, text="<keep>", end_s=2.5),
        Said(onset_s=4.42, text="two", end_s=4.6, emitted=Emitted(k=20, jitter_ms=30, due_ms=160, late_ms=30.0)),
    ]


def test_an_oracle_is_right_everywhere_and_worse_the_later_it_is() -> None:
    scores = [
        score(TIMESPEAK, ITEMS, {each.id: oracle(TIMESPEAK, each, ticks) for each in ITEMS}).score
        for ticks in (0, 1, 2, 5)
    ]
    assert scores[0] == 100.0
    assert sorted(scores, reverse=True) == scores
    assert scores[-1] == 25.0  # a second late: only the item that asks for nothing


def test_policies_that_hear_nothing_lose() -> None:
    policies = controls(TIMESPEAK, ITEMS)
    found = {
        name: score(TIMESPEAK, ITEMS, {each.id: policy(each) for each in ITEMS}).score
        for name, policy in policies.items()
    }
    assert (found["silence"], found["always_talk"], found["metronome"]) == (25.0, 0.0, 0.0)


def test_an_interval_is_the_same_for_the_same_outcomes_and_holds_the_score() -> None:
    values = [100.0] * 30 + [0.0] * 10
    low, high = bootstrap_mean(values) or (0.0, 0.0)
    assert bootstrap_mean(values) == (low, high)
    assert 55 < low < 75 < high < 92
    assert bootstrap(values, lambda drawn: sum(drawn) / len(drawn), rounds=200) == pytest.approx((low, high), abs=6)
    assert bootstrap_mean([]) is None


def test_a_good_report_stands() -> None:
    assert refusal.reasons(**GOOD) == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"controls": {**GOOD["controls"], "oracle": 80.0}}, "the oracle, which reads the labels, scores 80"),
        ({"floors": {"lucky": 81.0}}, "`lucky`, which hears nothing, wins: 81 against 80"),
        ({"floors": {"lucky": 97.0}, "model": 99.0}, "the set is broken"),
        ({"zeroed_spoke": 2}, "still spoke 2 times"),
        ({"cascade_items": 10}, "the cascade answered 10 items, 60 are needed"),
    ],
)
def test_a_report_is_refused_with_its_reason(change: dict[str, object], why: str) -> None:
    assert any(why in reason for reason in refusal.reasons(**{**GOOD, **change}))


@pytest.mark.parametrize("name", CONTROLS)
def test_a_report_without_one_of_its_controls_is_refused(name: str) -> None:
    without = {control: score for control, score in GOOD["controls"].items() if control != name}
    assert f"the control `{name}` is missing" in refusal.reasons(**{**GOOD, "controls": without})


def test_a_test_set_is_looked_at_three_times_and_never_again(tmp_path: Path) -> None:
    path = tmp_path / "looks.jsonl"
    for _ in range(looks.LOOKS_MAX):
        looks.check("timespeak", "set", path)
        looks.log("timespeak", "set", "weights", {"lockstep": 50.0}, "2026-11-27", path)
    with pytest.raises(ConfigError, match="3 times"):
        looks.check("timespeak", "set", path)
    assert json.loads(path.read_text().splitlines()[0])["checkpoint"] == "weights"


def test_a_test_set_built_again_has_no_new_looks_nor_has_one_under_another_name(tmp_path: Path) -> None:
    path = tmp_path / "looks.jsonl"
    for samples in ("first", "second", "third"):
        looks.check("timespeak", samples, path)
        looks.log("timespeak", samples, "weights", {"lockstep": 50.0}, "2026-11-27", path)
    with pytest.raises(ConfigError, match="3 times"):
        looks.check("timespeak", "fourth", path)
    looks.check("cuespeak", "fourth", path)
    assert len(looks.taken("cuespeak", "first", path)) == 1


def test_a_set_says_its_split_and_an_absent_one_how_it_is_made(tmp_path: Path) -> None:
    write_set(tmp_path, [item("a", 5.0, split="test")])
    assert open_set("timespeak", tmp_path, "dev").spends_a_look
    write_set(tmp_path, [item("a", 5.0)])
    assert open_set("timespeak", tmp_path, "dev").split == "own"
    with pytest.raises(ConfigError, match=r"python -m evals\.build timespeak --split dev"):
        open_set("timespeak", tmp_path / "nowhere", "dev")


def test_a_sample_holds_every_family() -> None:
    items = [item(f"e{n}", 5.0, voice=f"v{n % 3}") for n in range(30)] + [item(f"d{n}") for n in range(10)]
    chosen = sample(items, 8)
    assert chosen == sample(items, 8)
    assert sum(not each.expect for each in chosen) == 2


def test_errors_are_told_by_the_seconds_asked_for() -> None:
    found = score(TIMESPEAK, ITEMS, {"a": [Said(onset_s=5.2, text="drink water")]})
    rows = by_seconds(TIMESPEAK, found.outcomes)
    assert rows["5"] == {"items": 1, "score": 0.0, "median_error_s": 0.2, "median_abs_error_s": 0.2}
    assert rows["7"]["median_error_s"] is None


@pytest.mark.parametrize(
    ("of", "family"),
    [("timespeak", "since"), ("timespeak", "cancelled"), ("timespeak", "changed"), ("dialogue", "backchannel")],
)
def test_a_number_that_is_not_the_one_interval_asked_for_has_no_part_in_the_errors(of: str, family: str) -> None:
    tags = {"family": family, "n": "12"}
    outcome = Outcome(id="a", score=1.0, alarms=0, seconds=9.0, tags=tags, errors_s=(0.5,))
    assert by_seconds(named(of), [outcome]) == {}


def test_a_trace_tells_what_ran_what_was_late_and_what_never_came(tmp_path: Path) -> None:
    one = ItemTrace(id="a", n0=100, ticks=(100, 102, 102, 103), late_ms=(0.0, 30.0, 0.0, 0.0))
    two = ItemTrace(id="b", n0=101, ticks=(102, 102, -1), late_ms=(0.0, 0.0, 0.0))
    Trace([one, two]).write(tmp_path / "trace.jsonl")
    trace = Trace.read(tmp_path / "trace.jsonl")
    n0 = trace.opens("a") + 3
    assert [trace.carries("a", k, n0) - n0 for k in range(4)] == [0, 2, 2, 3]
    assert (trace.runs(n0), trace.runs(n0 + 1), trace.skipped) == (True, False, 1)
    assert trace.opens("b") == trace.opens("a") + 1
    assert trace.carries("b", 2, n0 + 1) > n0 + 3
    assert trace.late_s("a", 1) == pytest.approx(0.03)


def test_the_report_has_the_fields_of_the_contract_and_its_page_shows_what_is_missing(tmp_path: Path) -> None:
    eval_set = EvalSet(name="timespeak", folder=tmp_path, items=ITEMS, sha256="0" * 64, split="dev", known="not frozen")
    found = Findings(lockstep=score(TIMESPEAK, ITEMS, {}), missing=["the cascade: `make cascade`"])
    made = report(TIMESPEAK, eval_set, found)
    assert {"set", "lockstep", "realtime", "blind_floors", "sighted_baselines", "controls"} < made.keys()
    assert {"false_alarms_per_min", "latency_ms", "by_voice"} < made.keys()
    assert made["set"]["items"] == 4
    assert made["lockstep"]["score"] == 25.0
    assert "the control `oracle` is missing" in made["refused"]
    shown = page(made)
    assert "make cascade" in shown
    assert shown.count("<section") == shown.count("</section>")
