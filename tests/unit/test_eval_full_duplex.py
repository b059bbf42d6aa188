"""Full-Duplex-Bench as users have it: judged by who speaks when, without its scorers' traps; its report can stand."""

import json
from pathlib import Path

import pytest

from evals.dialogue.recorded import judge
from evals.dialogue.score import summary
from evals.harness import refusal
from evals.harness.controls import controls, oracle
from evals.harness.names import named
from evals.harness.report import Findings, report
from evals.harness.scoring import score
from evals.harness.sets import EvalSet, open_set
from evals.items import Event, Item, Said
from evals.media import load
from evals.readers import read
from tests.unit.eval_copies import full_duplex, small_sound

DIALOGUE = named("dialogue")
FORMAT = "full-duplex-bench"


def said(*pairs: tuple[float, float]) -> list[Said]:
    return [Said(onset_s=start, end_s=end, text="well then") for start, end in pairs]


def overlap(family: str, from_s: float, to_s: float) -> Item:
    events = (Event(t_s=from_s, kind="overlap"), Event(t_s=to_s, kind="overlap end"))
    return Item(id="o", duration_s=15.0, events=events, tags={"family": f"fdb {family}"})


def reported(eval_set: EvalSet) -> dict[str, object]:
    """Of a model that does what the oracle does, with an empty place for whatever has to be run."""
    items = eval_set.items
    told = {item.id: oracle(DIALOGUE, item, 0) for item in items}
    found = Findings(lockstep=score(DIALOGUE, items, told))
    for group, policies in (
        (found.controls, controls(DIALOGUE, items)),
        (found.floors, DIALOGUE.floors(items, 0)),
    ):
        group |= {name: score(DIALOGUE, items, {i.id: policy(i) for i in items}) for name, policy in policies.items()}
    heard = [(item, load(eval_set.folder, item)) for item in items]
    for name, sighted in DIALOGUE.baselines(0).items():
        found.baselines[name] = score(DIALOGUE, items, {item.id: sighted(item, media) for item, media in heard})
    found.controls |= {name: score(DIALOGUE, items, {}) for name in (refusal.ZEROED, refusal.CASCADE)}
    return report(DIALOGUE, eval_set, found)


def test_it_is_judged_by_who_speaks_when(tmp_path: Path) -> None:
    items = {item.tags["task"]: item for item in read(FORMAT, full_duplex(tmp_path))}
    quiet = {task: judge(item, []).score for task, item in items.items()}
    assert quiet == {
        "candor_pause_handling": 1,
        "candor_turn_taking": 0,
        "icc_backchannel": 1,
        "user_interruption": 0,
        "user_backchannel": 1,
    }
    turn = judge(items["candor_turn_taking"], said((3.0, 5.5)))
    assert (turn.score, turn.measures["answer_onset_ms"]) == (0, -1000)  # over the user: early, never "0 s"
    assert judge(items["candor_turn_taking"], said((4.5, 5.5))).score == 1
    assert judge(items["user_interruption"], said((1.0, 3.4), (5.3, 6.0))).score == 1
    held = judge(items["user_backchannel"], said((1.0, 6.0)))
    assert (held.score, held.measures["went_on"]) == (1, 1)


def test_an_oracle_that_knows_only_the_events_is_right_and_worse_when_it_is_late(tmp_path: Path) -> None:
    items = read(FORMAT, full_duplex(tmp_path))
    scores = [score(DIALOGUE, items, {i.id: oracle(DIALOGUE, i, late) for i in items}).score for late in (0, 1, 2, 5)]
    assert scores[0] == 100
    assert sorted(scores, reverse=True) == scores
    assert scores[-1] < 70  # a second late it yields too late, and begins in the middle of what was to be ignored
    for item in items:
        measures = judge(item, oracle(DIALOGUE, item, 0)).measures
        assert measures.get("held_the_floor", 1) == 1


def test_the_report_of_your_own_copy_stands(tmp_path: Path) -> None:
    made = reported(open_set("dialogue", full_duplex(tmp_path), "dev", FORMAT))
    assert made["refused"] == []
    assert made["controls"]["oracle"] == 100
    assert made["set"]["negatives"] == 2
    assert made["metrics"]["went on"] == made["metrics"]["held the floor"] == 100


def test_a_copy_of_pauses_alone_measures_nothing_and_the_report_says_so(tmp_path: Path) -> None:
    folder = full_duplex(tmp_path) / "v1_0" / "candor_pause_handling"
    refused = reported(open_set("dialogue", folder, "dev", FORMAT))["refused"]
    assert any("`silence`, which hears nothing, scores 100" in reason for reason in refused)


def test_annotations_belong_to_the_sound_beside_them_whatever_the_order_of_files(tmp_path: Path) -> None:
    for name, at in (("2", 4.0), ("10", 2.0), ("1", 3.0)):
        folder = tmp_path / "candor_turn_taking" / name
        small_sound(folder / "input.wav")
        (folder / "turn_taking.json").write_text(json.dumps([{"timestamp": [at, at]}]))
    items = read(FORMAT, tmp_path)
    assert {item.id.rpartition("-")[2]: item.events[0].t_s for item in items} == {"1": 3.0, "2": 4.0, "10": 2.0}
    assert all(item.id.rpartition("-")[2] == Path(item.audio).parent.name for item in items)
    answers = {item.id: said((item.events[0].t_s + 0.3, item.events[0].t_s + 1)) for item in items}
    assert score(DIALOGUE, items[::-1], answers).score == 100


@pytest.mark.parametrize("order", [1, -1], ids=["the long one last", "the long one first"])
def test_each_stretch_of_speech_is_judged_by_itself_and_not_all_by_the_last(order: int) -> None:
    listens = Item(id="l", duration_s=12.0, tags={"family": "fdb listen"})
    spoken = [(2.0, 2.5), (6.0, 8.0)] if order == 1 else [(2.0, 4.0), (6.0, 6.5)]
    outcome = judge(listens, said(*spoken))
    assert (outcome.score, outcome.measures["takeovers"], outcome.measures["backchannels_per_min"]) == (0, 1, 5)
    assert judge(listens, said((2.0, 2.5), (6.0, 6.5))).score == 1


def test_how_long_a_model_talks_on_is_not_capped_by_the_user_who_gave_up() -> None:
    over_soon = overlap("interruption", 3.0, 4.0)
    assert judge(over_soon, said((1.0, 6.5))).measures["stop_ms"] == 3500
    never = judge(over_soon, said((1.0, 12.0))).measures
    assert (never["stop_ms"], never["never_stops"]) == (5000, 1)


def test_who_yields_to_a_word_and_answers_it_at_once_has_stopped() -> None:
    outcome = judge(overlap("interruption", 3.0, 3.7), said((1.0, 3.1), (3.9, 5.0)))
    assert (outcome.score, outcome.measures["stop_ms"]) == (1, pytest.approx(100))


def test_silence_has_no_latency_and_yields_nothing() -> None:
    measures = judge(overlap("interruption", 3.0, 4.0), []).measures
    assert (measures["held_the_floor"], "stop_ms" in measures) == (0, False)
    assert "went_on" not in judge(overlap("go on", 3.0, 4.0), []).measures


def test_figures_for_which_there_was_nothing_to_count_are_left_out() -> None:
    figures = summary([judge(overlap("interruption", 3.0, 5.0), said((1.0, 3.4), (5.3, 6.0)))])
    assert figures["stopped within 1 s"] == 100
    assert not {"spill_s", "takeover", "went on", "backchannels a minute"} & figures.keys()
