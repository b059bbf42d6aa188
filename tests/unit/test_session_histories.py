"""Frozen histories (tests/histories) run through today's code, one of which must fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from core_rig import Rig

from cluster.errors import InvalidInput, ReplayDivergence
from cluster.session.events import Reattach
from cluster.session.history import Header, entry_line, read_history
from cluster.session.replay import ModelStep, model_steps, replay_machine

FOLDER = Path(__file__).parents[1] / "histories"
MUST_FAIL = "must_fail"
FROZEN = [file for file in sorted(FOLDER.glob("*.jsonl")) if file.stem != MUST_FAIL]


def lines_of(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines()


def test_there_are_frozen_histories() -> None:
    assert len(FROZEN) >= 12


@pytest.mark.parametrize("file", FROZEN, ids=[file.stem for file in FROZEN])
def test_a_frozen_history_replays_bit_for_bit(file: Path) -> None:
    state = replay_machine(lines_of(file))
    assert state.results


def test_a_history_that_was_tampered_with_fails_at_the_line_where_it_was() -> None:
    with pytest.raises(ReplayDivergence) as divergence:
        replay_machine(lines_of(FOLDER / f"{MUST_FAIL}.jsonl"))
    assert divergence.value.at == 19
    assert "'to_k': 2" in str(divergence.value)
    assert "'to_k': 1" in str(divergence.value)


def test_a_decision_is_taken_from_the_history_and_not_made_again() -> None:
    lines = lines_of(FOLDER / "pins.jsonl")
    at = next(i for i, line in enumerate(lines) if b'"event":"Tick","body":{"n":6,"passes":5' in line)
    lines[at] = lines[at].replace(b'"passes":5', b'"passes":3')
    with pytest.raises(ReplayDivergence) as divergence:
        replay_machine(lines)
    assert divergence.value.at == at + 1


def test_a_lost_event_is_noticed() -> None:
    lines = lines_of(FOLDER / "pins.jsonl")
    at = next(i for i, line in enumerate(lines) if b'"event":"Stepped"' in line and b'"outputs":[{' in line)
    with pytest.raises((ReplayDivergence, ValueError)):
        replay_machine(lines[:at] + lines[at + 1 :])


def test_the_steps_of_an_engine_come_out_with_what_it_answered() -> None:
    steps = list(model_steps(lines_of(FOLDER / "step_failed.jsonl")))
    assert isinstance(steps[0], Header)
    done = [step for step in steps if isinstance(step, ModelStep) and step.work.turns]
    assert [[turn.k for turn in step.work.turns] for step in done] == [[0], [1], [3], [4]]  # 2 failed
    assert [output.tokens for output in done[0].outputs] == [(7,)]
    rebuilt = done[2].work.prefills[0]
    assert (rebuilt.reset, [item.turn.k for item in rebuilt.items]) == (True, [0, 1, 2])


def test_a_takeover_begins_anew_in_the_same_file() -> None:
    found = list(read_history(lines_of(FOLDER / "takeover_without_the_last_result.jsonl")))
    headers = [header for header in found if isinstance(header, Header)]
    assert [header.adopted for header in headers] == [False, True]
    assert [header.terms.epoch for header in headers] == [1, 2]


def test_no_resume_token_is_written() -> None:
    event = Reattach(session="s", epoch=1, request_id=1, token="very secret")
    assert b"secret" not in entry_line(event, 0, ())


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "history: is empty"),
        ([b"{"], "line 1: is not JSON"),
        ([b"[]"], "line 1: is not a JSON object"),
        ([b'{"history":99}'], "history: has version 99; this code reads 1"),
        ([b'{"history":1,"at_ns":"x"}'], "line 1: .*Header"),
        ([b'{"event":"Tick"}'], "line 1: is not the header"),
    ],
)
def test_a_file_that_is_no_history_is_refused_by_line(lines: list[bytes], complaint: str) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        replay_machine(lines)


async def test_an_unknown_event_is_refused_by_line() -> None:
    rig = Rig(keep_history=True)
    await rig.open()
    with pytest.raises(InvalidInput, match=r"line 2: .*'Sneezed'"):
        replay_machine([*rig.history["s"], b'{"at_ns":1,"event":"Sneezed","body":{},"commands":[]}'])


async def test_history_is_kept_only_where_it_was_asked_for() -> None:
    rig = Rig()
    await rig.open()
    await rig.tick()
    assert rig.history == {}
