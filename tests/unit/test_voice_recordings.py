from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.readings import parse
from training.recording_plans import PLANS, Plan
from training.recordings import Said, Sound, answers, check, compose
from training.tasks import Kind
from training.voices import SAMPLE_RATE

PLAN = Plan(
    name="demo",
    voice="kokoro:am_michael",
    seconds=20.0,
    phrase="drink water",
    tenths=45,
    later=((8.0, "maybe rain"),),
)


def two_seconds(text: str, voice: str) -> Sound:
    return np.full(2 * SAMPLE_RATE, 0.1, np.float32)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_every_plan_asks_with_what_training_never_heard(plan: Plan) -> None:
    check(plan)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_what_a_plan_says_is_understood_as_it_is_meant(plan: Plan) -> None:
    if plan.request:
        asked = parse(plan.request)
        assert (asked.kind, asked.say, asked.tenths) == (Kind.EVERY, plan.phrase, plan.tenths)
    kinds = [parse(text).kind for _, text in plan.later]
    requests = [kind for kind in kinds if kind is not Kind.CHATTER]
    assert requests == ([Kind.STOP, Kind.EVERY, Kind.STOP] if plan.name == "demo" else [])


def test_the_names_of_the_plans_are_distinct() -> None:
    assert len({plan.name for plan in PLANS}) == len(PLANS)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"voice": "kokoro:af_heart"}, r"demo\.voice"),
        ({"voice": "espeak:en-us+Alex"}, r"demo\.voice"),
        ({"phrase": "open door"}, r"demo\.phrase"),
        ({"tenths": 50}, r"demo\.tenths"),
        ({"later": ((8.0, "hello stranger"),)}, r"demo\.later: .* stranger"),
    ],
)
def test_a_plan_that_would_prove_nothing_is_refused_by_field(change: dict[str, object], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        check(replace(PLAN, **change))


def test_due_times_count_from_the_end_of_the_request() -> None:
    track, what = compose(PLAN, two_seconds, seed=1)
    assert len(track) == 20 * SAMPLE_RATE
    assert what["request_end_s"] == 3.0
    assert what["due"] == [{"text": "drink water", "at_s": at_s} for at_s in (7.5, 12.0, 16.5)]
    assert what["expected"] == {"text": "drink water", "from_s": 7.1, "to_s": 8.3}


def test_a_stop_and_another_request_end_what_is_due() -> None:
    said = [
        Said(text="remind me to drink water every four seconds", from_s=1.0, to_s=3.0),
        Said(text="maybe rain", from_s=8.0, to_s=9.0),
        Said(text="remind me to read mail every five seconds", from_s=11.5, to_s=13.0),
        Said(text="that's enough", from_s=19.0, to_s=20.0),
    ]
    assert answers(said, until_s=60.0) == [("drink water", 7.0), ("drink water", 11.0), ("read mail", 18.0)]


def test_utterances_never_overlap() -> None:
    crowded = replace(PLAN, later=((1.5, "maybe rain"), (3.2, "happy family")))
    said = compose(crowded, two_seconds, seed=1)[1]["said"]
    assert isinstance(said, list)
    assert [(part["from_s"], part["to_s"]) for part in said] == [(1.0, 3.0), (3.5, 5.5), (6.0, 8.0)]


def test_a_recording_too_short_for_its_plan_is_refused() -> None:
    with pytest.raises(ValueError, match=r"demo\.seconds"):
        compose(replace(PLAN, seconds=9.0), two_seconds, seed=1)


def test_the_room_is_never_digital_silence_and_the_same_for_the_same_seed() -> None:
    track, _ = compose(PLAN, two_seconds, seed=1)
    tail = track[15 * SAMPLE_RATE :]
    assert abs(20 * np.log10(np.sqrt(np.mean(tail**2))) + 58) < 1
    assert np.array_equal(track, compose(PLAN, two_seconds, seed=1)[0])
