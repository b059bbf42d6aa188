"""CueSpeak-style sets: answers due while the user talks on."""

import numpy as np
import pytest
from eval_voices import oracle, said, tone

from evals.cuespeak import texts
from evals.cuespeak.build import build
from evals.cuespeak.score import judge
from evals.engines.voices import Split
from evals.items import Expect, Item
from evals.sounds import LONGEST_S, SOUNDS, sound
from training import tasks
from training.tasks import Kind


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    return build(tmp_path_factory.mktemp("sets") / "cuespeak", Split.TEST, seed=3, items=16, say=tone)


def test_an_oracle_is_right_on_every_item(items: list[Item]) -> None:
    assert [judge(item, oracle(item)).score for item in items] == [1.0] * len(items)


def test_silence_is_right_where_there_is_no_cue_and_nowhere_else(items: list[Item]) -> None:
    assert all(judge(item, []).score == (not item.expect) for item in items)
    assert 0.25 <= sum(not item.expect for item in items) / len(items) <= 0.35


def test_a_second_late_is_too_late(items: list[Item]) -> None:
    assert sum(judge(item, oracle(item, 1.0)).score for item in items if item.expect) == 0


def test_the_user_speaks_on_for_two_seconds_after_each_cue(items: list[Item]) -> None:
    speech = ("speech", "cue lead", "near miss")
    for item in items:
        starts = [event.t_s for event in item.events if event.kind in speech]
        for due in item.expect:
            assert any(due.from_s <= start < due.from_s + 0.3 for start in starts)
            assert item.duration_s >= due.from_s + 2.0 + 1.0


def test_what_is_said_between_the_cues_holds_no_cue() -> None:
    cues = {*texts.KNOWN_CUES, *texts.NEW_CUES}
    carriers = " ".join((*texts.TALK, *texts.LEADS, *(word for near in texts.NEAR.values() for word in near)))
    assert not cues & set(carriers.split())
    assert set(texts.NEAR) == cues


def test_training_never_asks_for_a_cue_of_the_evaluation() -> None:
    rng = np.random.default_rng(0)
    asked = {tasks.request(rng, Kind.CUE).cue for _ in range(2000)}
    assert asked
    assert not asked & {*texts.KNOWN_CUES, *texts.NEW_CUES}


@pytest.mark.parametrize("kind", SOUNDS)
def test_a_sound_is_short(kind: str) -> None:
    lengths = [len(sound(np.random.default_rng(seed), kind)) / 16000 for seed in range(20)]
    assert 0.05 < min(lengths) <= max(lengths) <= LONGEST_S


ITEM = Item(
    id="x",
    duration_s=20.0,
    expect=(Expect(text="one", from_s=5.0, to_s=6.5), Expect(text="two", from_s=10.0, to_s=11.5)),
    tags={"family": "count"},
)


def test_a_lag_counts_from_the_end_of_the_cue() -> None:
    outcome = judge(ITEM, said((5.3, "one"), (10.5, "two")))
    assert (outcome.score, outcome.errors_s, outcome.measures["lag_median_s"]) == (1.0, (0.3, 0.5), 0.4)


def test_an_answer_before_the_cue_has_ended_is_an_alarm() -> None:
    outcome = judge(ITEM, said((4.9, "one"), (10.5, "two")))
    assert (outcome.score, outcome.alarms, outcome.measures["early"]) == (0.0, 1, 1)


def test_talking_on_after_an_answer_is_no_recovery() -> None:
    quiet = judge(ITEM, said((5.3, "one"), (10.5, "two"))).measures
    chatty = judge(ITEM, said((5.3, "one"), (7.0, "hello"), (10.5, "two"))).measures
    assert (quiet["recovered"], chatty["recovered"]) == (1.0, 0.5)
    assert chatty["f1"] < quiet["f1"]
