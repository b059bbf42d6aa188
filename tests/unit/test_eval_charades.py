"""Charades-style: intervals between "start" and "stop", absent and repeated actions, and what blind policies get."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from evals.charades import baselines, floors
from evals.charades.build import build
from evals.charades.score import called, intervals_due, judge, overlap, summary
from evals.engines.voices import Split
from evals.items import Expect, Item, Said
from evals.media import Media, load
from evals.render.take import Scene, film
from tests.unit.eval_tools import oracle, tone

FILMED = ("jumps-000", "squats-001")


def clip(*spans: tuple[float, float]) -> Item:
    expect = [Expect(text=word, from_s=at, to_s=at + 2) for span in spans for word, at in zip(("start", "stop"), span)]  # noqa: B905
    return Item(id="a", duration_s=20.0, expect=tuple(expect), tags={"family": "waves"})


def said(*pairs: tuple[float, str]) -> list[Said]:
    return [Said(onset_s=at, text=text) for at, text in pairs]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sets") / "charades"


@pytest.fixture(scope="module")
def items(folder: Path) -> list[Item]:
    """Labels and sound of a small set; two clips of it are filmed."""

    def two(place: Path, scenes: Mapping[str, Scene]) -> None:
        for name in FILMED:
            film(place / f"{name}.mp4", scenes[f"{name}.mp4"])

    return build(folder, Split.TEST, seed=2, items=60, say=tone, film=two)


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


@pytest.mark.parametrize("name", FILMED)
def test_who_sees_motion_and_no_action_says_when_something_moves(folder: Path, items: list[Item], name: str) -> None:
    item = next(item for item in items if item.id == name)
    media = load(folder, item)
    found = {each: policy(item, media) for each, policy in baselines.policies(0).items()}
    spans = {each: called(words, item.duration_s)[0] for each, words in found.items()}
    ((start, stop),) = spans["first to last motion"]
    assert 4.0 < start < stop <= item.duration_s
    bouts = spans["every motion"]
    assert len(bouts) > 1
    assert (bouts[0][0], bouts[-1][1]) == (pytest.approx(start, abs=0.5), pytest.approx(stop, abs=0.5))
    assert spans["longest motion"] == [max(bouts, key=lambda each: each[1] - each[0])]
    drawn = [event.t_s for event in item.events if event.kind in ("starts", "stops")]
    assert all(start - 0.6 <= at <= stop + 0.6 for at in drawn)


def test_nothing_to_see_is_nothing_to_say() -> None:
    item, nothing = clip(), Media(audio_N=np.zeros(0, np.float32), pictures=())
    assert [policy(item, nothing) for policy in baselines.policies(0).values()] == [[], [], []]
