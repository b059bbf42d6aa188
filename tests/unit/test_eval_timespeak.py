"""TimeSpeak-style sets: labels that an oracle meets, and scores that tell silence, lateness and chatter apart."""

import dataclasses
from pathlib import Path

import pytest
from eval_voices import oracle, said, tone

from evals.engines.voices import Split
from evals.items import Expect, Item, read_set, set_hash
from evals.timespeak.build import build
from evals.timespeak.score import judge


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    return build(tmp_path_factory.mktemp("sets") / "timespeak", Split.TEST, seed=3, items=24, say=tone)


def test_an_oracle_is_right_on_every_item(items: list[Item]) -> None:
    assert [judge(item, oracle(item)).score for item in items] == [1.0] * len(items)


def test_silence_is_right_where_nothing_was_asked_and_nowhere_else(items: list[Item]) -> None:
    assert all(judge(item, []).score == (not item.expect) for item in items)


def test_a_late_oracle_is_worse_the_later_it_is(items: list[Item]) -> None:
    def total(delay_s: float) -> float:
        return sum(judge(item, oracle(item, delay_s)).score for item in items)

    assert total(0) > total(0.5) > total(2.5)


def test_a_quarter_of_the_items_asks_for_nothing(items: list[Item]) -> None:
    assert 0.2 <= sum(not item.expect for item in items) / len(items) <= 0.3


def test_windows_lie_inside_the_item_and_apart(items: list[Item]) -> None:
    for item in items:
        edges = [edge for due in item.expect for edge in (due.from_s, due.to_s)]
        assert edges == sorted(edges)
        assert not edges or edges[-1] + 0.5 < item.duration_s


def test_the_same_seed_gives_the_same_set(tmp_path: Path) -> None:
    for name in ("a", "b"):
        build(tmp_path / name, Split.TEST, seed=5, items=7, say=tone)
    build(tmp_path / "c", Split.TEST, seed=6, items=7, say=tone)
    assert set_hash(tmp_path / "a") == set_hash(tmp_path / "b") != set_hash(tmp_path / "c")
    assert read_set(tmp_path / "a") == read_set(tmp_path / "b")


ITEM = Item(
    id="x",
    duration_s=20.0,
    expect=(Expect(text="wash plants", from_s=4.6, to_s=5.4), Expect(text="wash plants", from_s=9.6, to_s=10.4)),
    tags={"family": "every"},
)


def test_saying_it_twice_in_a_window_is_an_alarm() -> None:
    outcome = judge(ITEM, said((4.8, "wash plants"), (5.2, "wash plants"), (10.0, "wash plants")))
    assert (outcome.score, outcome.alarms, outcome.measures["matched"]) == (0.0, 1, 2)


def test_words_that_come_one_by_one_are_one_answer() -> None:
    assert judge(ITEM, said((5.0, "wash"), (5.3, "plants"), (10.0, "wash plants"))).score == 1.0


def test_a_phrase_with_a_word_too_many_is_not_the_phrase() -> None:
    assert judge(ITEM, said((5.0, "please wash plants"), (10.0, "wash plants"))).score == 0.0


def test_early_late_and_missing_are_counted_apart() -> None:
    measures = judge(ITEM, said((4.0, "wash plants"), (11.0, "wash plants"), (15.0, "hello"))).measures
    assert [measures[name] for name in ("early", "late", "missing", "extra")] == [1, 1, 0, 1]
    assert judge(ITEM, []).measures["missing"] == 2


def test_errors_are_signed() -> None:
    assert judge(ITEM, said((4.8, "wash plants"), (10.1, "wash plants"))).errors_s == (-0.2, 0.1)


def test_events_are_not_heard() -> None:
    outcome = judge(ITEM, said((1.0, "<keep>"), (5.0, "wash plants"), (10.0, "wash plants")))
    assert (outcome.score, outcome.alarms) == (1.0, 0)


@pytest.mark.parametrize(("words", "right"), [("seven", 1.0), ("six", 1.0), ("eight", 1.0), ("nine", 0.0)])
def test_elapsed_seconds_may_be_one_off(words: str, right: float) -> None:
    due = Expect(text="seven seconds", from_s=12.0, to_s=14.0)
    item = dataclasses.replace(ITEM, expect=(due,), tags={"family": "since"})
    assert judge(item, said((12.5, f"{words} seconds"))).score == right
