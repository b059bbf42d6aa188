"""RepCount-style: the published rule with its traps closed, live counting, and clips whose labels are what is drawn."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from evals.engines.voices import Split
from evals.items import Expect, Item, Said
from evals.media import load
from evals.numbers import say_count
from evals.render.take import Scene, film
from evals.repcount import baselines, floors
from evals.repcount.build import build
from evals.repcount.counts import count_at, full, repetitions, shares
from evals.repcount.score import judge, numbers, summary
from tests.unit.eval_tools import oracle, tone


def clip(*ends: float) -> Item:
    expect = tuple(Expect(text=say_count(k), from_s=end, to_s=end + 1) for k, end in enumerate(ends, 1))
    return Item(id="a", duration_s=(ends[-1] if ends else 10.0) + 4, expect=expect, tags={"family": "squats"})


def said(*pairs: tuple[float, str]) -> list[Said]:
    return [Said(onset_s=at, text=text) for at, text in pairs]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sets") / "repcount"


@pytest.fixture(scope="module")
def items(folder: Path) -> list[Item]:
    """Labels and sound of a small set; one clip of it is filmed."""

    def one(place: Path, scenes: Mapping[str, Scene]) -> None:
        film(place / "bends-000.mp4", scenes["bends-000.mp4"])

    return build(folder, Split.TEST, seed=2, items=20, say=tone, film=one)


def test_the_oracle_has_all_and_silence_only_the_clips_without_repetitions(items: list[Item]) -> None:
    assert summary([judge(item, oracle(item)) for item in items])["score"] == 100
    nothing = summary([judge(item, []) for item in items])
    assert (nothing["live_f1"], nothing["off_by_one"], nothing["zero_clips_silent"]) == (0, 0, 100)


def test_an_oracle_a_tick_or_more_late_counts_live_until_a_second_has_gone() -> None:
    item = clip(5, 7, 9)
    assert judge(item, oracle(item, 0.9)).score == 1
    assert judge(item, oracle(item, 1.1)).score == 0


def test_a_number_counts_by_its_onset_not_by_where_it_ends() -> None:
    item = clip(5, 7, 9)
    early = [Said(onset_s=6.9, end_s=7.6, text="three")]
    assert judge(item, early).measures["off_by_one"] == 0
    assert judge(item, said((7.1, "three"))).measures["exact"] == 1


def test_the_last_number_counts_even_where_it_corrects_a_right_one() -> None:
    assert judge(clip(5, 7, 9), said((9.1, "three"), (9.9, "eight"))).measures["off_by_one"] == 0


def test_a_number_long_after_the_last_repetition_is_not_counted() -> None:
    assert judge(clip(5, 7, 9), said((12.5, "three"))).measures["off_by_one"] == 0


def test_a_number_in_two_outputs_is_one_number() -> None:
    assert numbers(said((1.0, "twenty"), (1.2, "one"))) == [(1.0, 21)]
    assert numbers(said((1.0, "twenty"), (3.0, "one"))) == [(1.0, 20), (3.0, 1)]
    assert numbers(said((1.0, "thirty-two"), (2.0, "hello"), (3.0, "<keep>"))) == [(1.0, 32), (2.0, None)]


def test_one_is_never_nearly_right_where_there_was_nothing_to_count() -> None:
    outcome = judge(clip(), said((5.0, "one")))
    assert (outcome.score, "off_by_one" in outcome.measures, outcome.alarms) == (0, False, 1)


def test_chatter_costs_precision() -> None:
    item = clip(5, 7)
    assert judge(item, [*oracle(item), *said((1.0, "hello"), (3.0, "nine"))]).score == pytest.approx(4 / 6)


def test_no_constant_is_nearly_right_in_fifteen_of_a_hundred_clips() -> None:
    windows = [sum(shares()[max(0, count - 2) : count + 1]) for count in range(1, 41)]
    assert max(windows) < 0.15
    drawn = [count_at(index * 0.6180339887) for index in range(2000)]
    assert max(sum(abs(each - count) <= 1 for each in drawn) for count in range(1, 41)) < 0.15 * len(drawn)


def test_blind_policies_are_far_from_counting(items: list[Item]) -> None:
    for policy in floors.policies(items, 0).values():
        assert summary([judge(item, policy(item)) for item in items])["live_f1"] < 35


def test_what_repeats_is_seen_by_one_who_only_sees_motion(folder: Path, items: list[Item]) -> None:
    item = next(item for item in items if item.id == "bends-000")
    found = numbers(baselines.autocorrelation(item, load(folder, item)))
    assert abs((found[-1][1] or 0) - len(item.expect)) <= max(2, 0.3 * len(item.expect))


def test_a_half_repetition_is_drawn_and_not_counted() -> None:
    parts = repetitions(np.random.default_rng(1), 5, 3.0, halves=2)
    assert (len(parts), len(full(parts))) == (7, 5)
