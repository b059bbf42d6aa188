"""Charades-style: intervals between "start" and "stop", absent and repeated actions, and what blind policies get."""

import pytest

from evals.charades import floors
from evals.charades.build import build
from evals.charades.score import called, intervals_due, judge, overlap, summary
from evals.engines.voices import Split
from evals.items import Expect, Item, Said
from tests.unit.eval_tools import oracle, tone


def clip(*spans: tuple[float, float]) -> Item:
    expect = [Expect(text=word, from_s=at, to_s=at + 2) for span in spans for word, at in zip(("start", "stop"), span)]  # noqa: B905
    return Item(id="a", duration_s=20.0, expect=tuple(expect), tags={"family": "waves"})


def said(*pairs: tuple[float, str]) -> list[Said]:
    return [Said(onset_s=at, text=text) for at, text in pairs]


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    folder = tmp_path_factory.mktemp("sets") / "charades"
    return build(folder, Split.TEST, seed=2, items=60, say=tone, film=lambda *_: None)


def test_the_oracle_covers_all_and_silence_nothing_but_the_absent(items: list[Item]) -> None:
    assert summary([judge(item, oracle(item)) for item in items])["score"] == 100
    nothing = summary([judge(item, []) for item in items])
    assert (nothing["miou_strict"], nothing["false_start_rate"]) == (0, 0)


def test_a_late_oracle_covers_less_the_later_it_is_and_the_corrected_one_all() -> None:
    item = clip((5, 9))
    scores = [judge(item, oracle(item, late)).score for late in (0, 0.2, 0.4, 1.0)]
    assert scores == sorted(scores, reverse=True)
    assert judge(item, oracle(item, 0.4)).measures["iou_lag_corrected"] == pytest.approx(1)


def test_a_start_that_is_never_stopped_covers_nothing_strictly_and_the_rest_of_the_clip_softly() -> None:
    outcome = judge(clip((10, 15)), said((10, "start")))
    assert (outcome.score, outcome.measures["iou_soft"]) == (0, pytest.approx(0.5))


def test_an_action_that_comes_twice_must_be_called_twice() -> None:
    item = clip((5, 7), (12, 14))
    assert judge(item, said((5, "start"), (7, "stop"))).score == pytest.approx(0.5)
    assert judge(item, said((5, "start"), (14, "stop"))).score == pytest.approx(4 / 9)


def test_words_that_open_or_close_nothing_are_strays() -> None:
    closed, open_too, strays = called(said((1, "stop"), (2, "start"), (3, "start"), (4, "stop"), (5, "hello")), 20)
    assert (closed, open_too, strays) == ([(2, 4)], [(2, 4)], 3)


def test_overlap_of_unions_does_not_count_anything_twice() -> None:
    assert overlap([(0, 4)], [(0, 2), (1, 4)]) == 1
    assert overlap([(0, 4)], []) == 0


def test_any_word_is_wrong_where_the_action_never_comes() -> None:
    assert judge(clip(), said((4, "start"))).measures["false_start"] == 1
    assert judge(clip(), said((4, "stop"))).score == 0


def test_start_at_once_and_stop_at_the_end_covers_little(items: list[Item]) -> None:
    found = {name: summary([judge(i, p(i)) for i in items]) for name, p in floors.policies(items, 0).items()}
    assert found["whole clip"]["miou_strict"] < 30
    assert max(each["miou_strict"] for each in found.values()) < 35


def test_a_quarter_lacks_the_action_and_some_have_it_twice(items: list[Item]) -> None:
    times = [item.tags["times"] for item in items]
    assert 0.2 <= times.count("0") / len(items) <= 0.3
    assert 0.08 <= times.count("2") / len(items) <= 0.25


def test_what_is_drawn_besides_is_never_what_was_asked_for(items: list[Item]) -> None:
    for item in items:
        shown = item.tags["shown"].split()
        assert shown.count(item.tags["asked_for"]) == int(item.tags["times"]) == len(intervals_due(item))
