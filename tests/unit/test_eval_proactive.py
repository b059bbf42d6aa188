"""ProactiveVideoQA-style: the published curve, its hole closed, and answers judged by rule on all that was said."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from evals.engines.voices import Split
from evals.items import Expect, Item, Said
from evals.media import Media, load
from evals.proactivevideoqa import baselines, floors
from evals.proactivevideoqa.build import build
from evals.proactivevideoqa.score import judge, pauc, quality, summary
from evals.render.take import Scene, film
from tests.unit.eval_tools import oracle, tone

FILMED = "what-000"
DUE = Expect(text="red circle", from_s=10.0, to_s=14.0)
GONE_S = 13.0
ITEM = Item(id="a", duration_s=20.0, expect=(DUE,), tags={"family": "appear"})


def said(*pairs: tuple[float, str]) -> list[Said]:
    return [Said(onset_s=at, text=text) for at, text in pairs]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sets") / "proactivevideoqa"


@pytest.fixture(scope="module")
def items(folder: Path) -> list[Item]:
    """Labels and sound of a small set; one clip of it is filmed."""

    def one(place: Path, scenes: Mapping[str, Scene]) -> None:
        film(place / f"{FILMED}.mp4", scenes[f"{FILMED}.mp4"])

    return build(folder, Split.TEST, seed=2, items=60, say=tone, film=one)


def test_silence_is_worth_a_quarter_whatever_the_weight(items: list[Item]) -> None:
    found = summary([judge(item, []) for item in items])
    names = ("score", "turn_weighted", "pauc_0", "pauc_0.5", "pauc_1")
    assert [found[name] for name in names] == pytest.approx([25] * 5)


def test_the_oracle_is_worth_all(items: list[Item]) -> None:
    found = summary([judge(item, oracle(item)) for item in items])
    assert [found[name] for name in ("score", "pauc_0.5", "ia_qtf1", "unanswerable")] == pytest.approx([100] * 4)


def test_the_curve_is_the_published_one() -> None:
    half_way = said((12, "red circle"))
    assert pauc(DUE, half_way, 0.0, GONE_S) == pytest.approx((2 * 0.5 + 2 * 2) / 8)
    assert pauc(DUE, half_way, 0.5, GONE_S) == pytest.approx((1 * 0.5 + 3 * 2) / 8)
    assert pauc(DUE, half_way, 1.0, GONE_S) == pytest.approx(1)
    assert pauc(DUE, said((12, "blue circle")), 0.5, GONE_S) == pytest.approx(0.5 / 8)


def test_the_accumulated_text_is_judged_so_that_a_list_of_everything_is_wrong() -> None:
    assert [quality("red circle", text) for text in ("red circle", "a red one", "blue circle", "hello")] == [2, 1, 0, 0]
    assert quality("red circle", "red circle blue square") == 0
    assert pauc(DUE, said((10, "red"), (11, "circle")), 0.0, GONE_S) == pytest.approx((1 * 1 + 3 * 2) / 8)


def test_repeating_the_answer_changes_nothing_but_the_duplicates() -> None:
    once, twice = (judge(ITEM, said(*[(10 + i, "red circle") for i in range(n)])) for n in (1, 2))
    assert once.score == twice.score == 1
    assert (once.measures["duplicates"], twice.measures["duplicates"]) == (0, 1)


def test_what_is_said_once_the_thing_has_gone_cannot_spoil_a_right_answer() -> None:
    assert judge(ITEM, said((10, "red circle"), (13.5, "blue"))).score == 1
    assert judge(ITEM, said((10, "red circle"), (12.0, "blue"))).score < 1


def test_naming_it_all_the_time_wins_as_published_and_is_worth_nothing_guarded() -> None:
    outcome = judge(ITEM, said(*[(float(t), "red circle") for t in range(4, 20)]))
    assert outcome.measures["pauc_0.5"] > 0.9
    assert outcome.score == 0


def test_who_hears_the_question_and_sees_nothing_does_not_beat_silence(items: list[Item]) -> None:
    found = {name: summary([judge(i, p(i)) for i in items]) for name, p in floors.policies(items, 0).items()}
    assert all(each["score"] <= 25 + 1e-9 for each in found.values())
    assert found["question only, each second"]["pauc_0.5"] > 50  # the hole that the guard closes


def test_an_unanswerable_question_is_right_only_in_silence(items: list[Item]) -> None:
    item = next(item for item in items if item.tags["family"] == "wait")
    assert (judge(item, []).score, judge(item, said((9, "red"))).score) == (1, 0)


def test_windows_are_apart_and_inside_the_item(items: list[Item]) -> None:
    for item in items:
        edges = [edge for due in item.expect for edge in (due.from_s, due.to_s)]
        assert edges == sorted(edges)
        assert not edges or edges[-1] <= item.duration_s


def test_the_answer_never_appears_where_it_is_waited_for_in_vain(items: list[Item]) -> None:
    waits = [item for item in items if item.tags["family"] == "wait"]
    assert waits
    assert not [item for item in waits if any(e.kind == "appears" for e in item.events)]


def test_who_sees_that_something_changed_names_its_colour(folder: Path, items: list[Item]) -> None:
    item = next(item for item in items if item.id == FILMED)
    (said_,) = (policy(item, load(folder, item)) for policy in baselines.policies(0).values())
    appears = [event for event in item.events if event.kind == "appears"]
    assert appears
    for event in appears:
        assert any(event.t_s <= each.onset_s <= event.t_s + 1.5 and each.text in event.text for each in said_)


def test_a_still_picture_is_not_commented_on() -> None:
    still = np.full((240, 320, 3), 90, np.uint8)
    media = Media(audio_N=np.zeros(0, np.float32), pictures=tuple((0.2 * k, still) for k in range(60)))
    assert [policy(ITEM, media) for policy in baselines.policies(0).values()] == [[]]
