"""Scores of the probe: one output answers one expectation, in its own words and its own time."""

from __future__ import annotations

import numpy as np

from training.probe_items import Expect, Item
from training.scoring import floors, judge, report, wilson


def item(*windows: tuple[float, float], kind: str = "every") -> Item:
    expect = [Expect("hello", start, end) for start, end in windows]
    return Item(id="a", kind=kind, voice="espeak", asked="", samples_N=np.zeros(1, np.float32), expect=expect)


def test_all_in_time_and_nothing_else_is_strict() -> None:
    outcome = judge(item((4.6, 5.4), (9.6, 10.4)), [(5.0, "hello"), (10.3, "hello")])
    assert outcome.strict
    assert outcome.errors_s == (0.0, 0.3)


def test_early_late_and_wrong_words_are_alarms_and_misses() -> None:
    outcome = judge(item((4.6, 5.4)), [(4.5, "hello"), (5.5, "hello"), (5.0, "hallo")])
    assert (outcome.matched, outcome.alarms, outcome.strict) == (0, 3, False)


def test_one_window_is_answered_once() -> None:
    outcome = judge(item((4.6, 5.4)), [(4.9, "hello"), (5.1, "hello")])
    assert (outcome.matched, outcome.alarms) == (1, 1)


def test_an_answer_that_falls_due_as_the_conversation_ends_is_no_alarm() -> None:
    assert judge(item((4.6, 5.4)), [(5.0, "hello"), (30.5, "hello")]).strict


def test_an_idle_conversation_is_strict_in_silence_only() -> None:
    assert judge(item(kind="idle"), []).strict
    assert not judge(item(kind="idle"), [(1.0, "tea")]).strict


def test_the_floors_neither_hear_nor_pass() -> None:
    both = floors([item((4.6, 5.4)), item(kind="idle")])
    assert both["silence"]["by_kind"]["every"]["strict"] == 0
    assert both["silence"]["by_kind"]["idle"]["strict"] == 1
    assert both["always"]["by_kind"]["every"]["recall"] == 1
    assert both["always"]["by_kind"]["every"]["strict"] == 0


def test_intervals_hold_the_share_and_stay_within_bounds() -> None:
    assert wilson(0, 0) is None
    low, high = wilson(25, 25) or (0, 0)
    assert 0.85 < low < 1.0
    assert high >= 0.999


def test_recall_counts_answers_and_strict_counts_conversations() -> None:
    good = judge(item((4.6, 5.4), (9.6, 10.4)), [(5.0, "hello"), (10.0, "hello")])
    half = judge(item((4.6, 5.4), (9.6, 10.4)), [(5.0, "hello")])
    summary = report([good, half])["every_and_in"]
    assert (summary["strict"], summary["recall"]) == (0.5, 0.75)


def test_what_may_be_said_counts_neither_as_missing_nor_as_alarm() -> None:
    one = item((4.6, 5.4))
    one.expect.append(Expect("hello", 9.0, 10.0, needed=False))
    assert judge(one, [(5.0, "hello")]).strict
    assert judge(one, [(5.0, "hello"), (9.5, "hello")]).strict


def test_any_of_the_alternatives_is_right() -> None:
    one = item()
    one.expect = [Expect("six seconds|seven seconds", 4.0, 6.0)]
    assert judge(one, [(5.0, "seven seconds")]).strict
    assert not judge(one, [(5.0, "eight seconds")]).strict
