"""Where the time between a question and its answer goes: parts that add up, also where the answer came too early."""

from __future__ import annotations

import statistics

import pytest

from evals.dialogue import onset
from evals.dialogue.score import judge
from evals.harness.heard import Heard, slot_s
from evals.items import Event, Expect, Item, Outcome, Said


def asked(end_s: float) -> Item:
    return Item(
        id="q",
        duration_s=12.0,
        events=(Event(t_s=1.0, kind="request"), Event(t_s=end_s, kind="request end")),
        expect=(Expect(text="cold", from_s=end_s, to_s=end_s + 2.0),),
        tags={"family": "question"},
    )


def answer(k: int, late_s: float = 0.0, voice_s: float = 0.0) -> list[Said]:
    heard = Heard()
    heard.word("cold", k, slot_s(k) + voice_s + late_s, late_s)
    return heard.said(11.0)


def judged(end_s: float, k: int, late_s: float = 0.0, voice_s: float = 0.0) -> Outcome:
    return judge(asked(end_s), answer(k, late_s, voice_s))


def of(outcome: Outcome) -> dict[str, float]:
    return {part: outcome.measures[f"onset_{part}_ms"] for part in onset.PARTS}


def test_an_answer_in_the_micro_turn_in_which_the_question_ended_takes_its_rest_the_margin_and_the_due_time() -> None:
    outcome = judged(end_s=3.13, k=15)
    assert of(outcome) == {"rest": 70.0, "jitter": 30.0, "due": 160.0, "waited": 0.0, "late": 0.0, "voice": 0.0}
    assert outcome.measures["answer_onset_ms"] == 260.0


def test_what_the_model_the_cluster_and_the_voice_add_stands_apart() -> None:
    found = of(judged(end_s=3.13, k=18, late_s=0.05, voice_s=0.12))
    assert (found["waited"], found["late"], found["voice"]) == (600.0, 50.0, 120.0)


def test_a_question_that_ends_with_a_micro_turn_leaves_nothing_of_it() -> None:
    found = of(judged(end_s=3.2, k=16))
    assert (found["rest"], found["waited"]) == (0.0, 200.0)


@pytest.mark.parametrize(("end_s", "k"), [(3.13, 15), (3.2, 17), (3.0031, 20), (5.9999, 12), (4.2, 30)])
def test_the_parts_add_up_to_the_onset_that_was_measured(end_s: float, k: int) -> None:
    outcome = judged(end_s, k, late_s=0.0371, voice_s=0.0123)
    assert sum(of(outcome).values()) == pytest.approx(outcome.measures["answer_onset_ms"], abs=1e-6)


def test_an_answer_before_the_end_waited_less_than_nothing() -> None:
    assert of(judged(end_s=5.0, k=14))["waited"] == -2000.0


def test_what_no_micro_turn_emitted_has_an_onset_and_no_parts() -> None:
    outcome = judge(asked(3.0), [Said(onset_s=3.9, text="cold")])
    assert outcome.measures["answer_onset_ms"] == 900.0
    assert onset.told([outcome]) is None


def test_means_add_up_and_so_do_medians_with_what_they_leave_over() -> None:
    answers = [judged(3.0 + 0.05 * n, 16 + n % 4, late_s=0.01 * (n % 3)) for n in range(11)]
    told = onset.told(answers)
    assert told is not None
    onsets = [each.measures["answer_onset_ms"] for each in answers]
    assert (told["items"], told["onset_ms"]["median"]) == (11, statistics.median(onsets))
    for kind, rest in (("mean", 0.0), ("median", told["left_over_ms"])):
        assert sum(row[kind] for row in told["parts_ms"].values()) + rest == pytest.approx(
            told["onset_ms"][kind], abs=0.3
        )
