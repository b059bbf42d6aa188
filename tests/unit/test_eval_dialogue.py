"""Dialogue dynamics: labels that an oracle meets, and the traps of published scorers."""

import pytest
from eval_voices import oracle, said, tone

from evals.dialogue.build import build
from evals.dialogue.score import judge
from evals.engines.voices import Split
from evals.items import Event, Expect, Item, Said
from evals.numbers import say_count


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    return build(tmp_path_factory.mktemp("sets") / "dialogue", Split.TEST, seed=3, items=24, say=tone)


def test_an_oracle_is_right_on_every_item(items: list[Item]) -> None:
    assert {item.id: judge(item, oracle(item)).score for item in items} == {item.id: 1.0 for item in items}


def test_an_oracle_that_answers_as_soon_as_it_may_is_right_too(items: list[Item]) -> None:
    early = {item.id: [Said(onset_s=due.from_s + 0.1, text=due.text) for due in item.expect] for item in items}
    assert all(judge(item, early[item.id]).score == 1.0 for item in items)


def test_silence_is_right_where_nobody_asked_the_model_and_nowhere_else(items: list[Item]) -> None:
    assert all(judge(item, []).score == (not item.expect) for item in items)
    assert 0.2 <= sum(not item.expect for item in items) / len(items) <= 0.3


def test_a_late_oracle_is_worse_the_later_it_is(items: list[Item]) -> None:
    totals = [sum(judge(item, oracle(item, delay)).score for item in items) for delay in (0.0, 0.9, 1.2)]
    assert totals[0] > totals[1] > totals[2]


QUESTION = Item(
    id="q",
    duration_s=10.0,
    events=(Event(t_s=1.0, kind="request"), Event(t_s=3.0, kind="request end")),
    expect=(Expect(text="cold", from_s=3.0, to_s=5.0),),
    tags={"family": "question"},
)


def test_answering_before_the_question_has_ended_is_a_negative_latency_and_a_false_start() -> None:
    outcome = judge(QUESTION, said((2.6, "cold")))
    assert (outcome.score, outcome.measures["answer_onset_ms"], outcome.measures["false_starts"]) == (0.0, -400.0, 1)


def test_a_model_that_never_answers_has_no_latency() -> None:
    measures = judge(QUESTION, []).measures
    assert "answer_onset_ms" not in measures
    assert measures["took_turn"] == 0.0


def counting(cut: float | None = None, backchannel: float | None = None) -> Item:
    """Asked to count to twelve at 2.0 s."""
    numbers = tuple(Expect(text=say_count(i + 1), from_s=2 + 0.6 * i, to_s=4 + 0.6 * i) for i in range(12))
    events = [Event(t_s=1.0, kind="request"), Event(t_s=2.0, kind="request end")]
    if cut is not None:
        events += [Event(t_s=cut, kind="interruption"), Event(t_s=cut + 0.4, kind="interruption end")]
        numbers = tuple(each for each in numbers if each.from_s + 1 < cut + 0.3)
    if backchannel is not None:
        events.append(Event(t_s=backchannel, kind="backchannel"))
    family = "interruption" if cut is not None else "backchannel"
    return Item(id="c", duration_s=16.0, events=tuple(events), expect=numbers, tags={"family": family})


def count(until: float, from_s: float = 2.4) -> list[Said]:
    numbers = [(from_s + 0.6 * i, say_count(i + 1)) for i in range(12)]
    return said(*((at, text) for at, text in numbers if at < until))


def test_stopping_within_a_second_is_right_and_measured_from_the_onset_of_the_interruption() -> None:
    outcome = judge(counting(cut=6.0), count(until=6.3))
    assert outcome.score == 1.0
    assert outcome.measures["stop_ms"] == pytest.approx(340, abs=10)  # "seven" began at 6.0


def test_a_model_that_never_stops_is_censored_and_not_finite() -> None:
    talks_on = count(until=99) + said(*((9.6 + 0.6 * i, "hello") for i in range(9)))
    outcome = judge(counting(cut=4.5), talks_on)
    assert (outcome.score, outcome.measures["stop_ms"], outcome.measures["never_stops"]) == (0.0, 5000.0, 1.0)


def test_a_model_that_did_not_speak_yields_nothing() -> None:
    outcome = judge(counting(cut=6.0), [])
    assert (outcome.score, outcome.measures["held_the_floor"]) == (0.0, 0.0)
    assert "stop_ms" not in outcome.measures


def test_the_gaps_between_numbers_are_no_silence() -> None:
    assert judge(counting(cut=5.0), count(until=7.5)).measures["stop_ms"] > 2000


def test_a_number_after_a_stop_is_an_alarm() -> None:
    outcome = judge(counting(cut=6.0), count(until=6.3) + said((9.0, "eight")))
    assert (outcome.score, outcome.alarms) == (0.0, 1)
    assert outcome.measures["spill_s"] > 0.3


def test_a_backchannel_is_ignored_by_going_on() -> None:
    on, stopped = judge(counting(backchannel=5.0), count(until=99)), judge(counting(backchannel=5.0), count(until=5.0))
    assert (on.score, on.measures["backchannels"], on.measures["backchannels_ignored"]) == (1.0, 1, 1)
    assert (stopped.score, stopped.measures["backchannels_ignored"]) == (0.0, 0)


def test_silence_ignores_no_backchannel() -> None:
    assert judge(counting(backchannel=5.0), []).measures["backchannels"] == 0


def test_a_second_of_speech_beside_an_aside_is_a_takeover_and_a_word_is_none() -> None:
    aside = Item(id="a", duration_s=9.0, tags={"family": "aside"})
    assert judge(aside, said((3.0, "yes"))).measures["takeovers"] == 0
    assert judge(aside, said(*((3 + 0.4 * i, "yes") for i in range(4)))).measures["takeovers"] == 1


def test_delegating_needs_the_event_and_the_words() -> None:
    window = {"from_s": 3.0, "to_s": 5.0}
    due = (Expect(text="<delegate>", **window), Expect(text="one moment", **window))
    item = Item(id="d", duration_s=9.0, events=QUESTION.events, expect=due, tags={"family": "delegate"})
    assert judge(item, said((3.4, "<delegate>"), (3.4, "one moment"))).score == 1.0
    assert judge(item, said((3.4, "one moment"))).score == 0.0
    assert judge(item, said((3.4, "<delegate>"))).score == 0.0
    assert judge(item, said((3.4, "<delegate>"), (6.0, "<delegate>"), (3.4, "one moment"))).score == 0.0
