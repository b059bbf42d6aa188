"""What was heard on the virtual clock is kept as it comes, and only what was disturbed in real time is run again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from counterpoint.talk.wav import Sound
from evals.harness import virtual
from evals.harness.lockstep import Listened, listen
from evals.harness.model import Model, load_model
from evals.harness.script import Script, Typed
from evals.harness.sets import EvalSet
from evals.harness.trace import ItemTrace
from tests.unit.eval_tools import VOICE, talkative

SET = EvalSet(name="timespeak", folder=Path(), items=(), sha256="5" * 64, split="dev", known="")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return talkative(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture
def model(checkpoint: Path) -> Model:
    return load_model(checkpoint, VOICE, sessions=2, deterministic=True)


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def scripts(**turns: int) -> list[Script]:
    sound = Sound(pcm=b"", sample_rate_hz=16_000)
    typed = (Typed(at_ms=400, text="drink water"),)
    return [Script(id=name, sound=sound.lasting(0.2 * count), typed=typed) for name, count in turns.items()]


class Told:
    """What a person is told of how far it is."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []

    def __call__(self, stage: str, done: int, of: int) -> None:
        self.told.append((done, of))


def test_a_second_run_goes_on_where_the_first_was_interrupted(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = scripts(a=8, b=14, c=10, d=6)
    whole = listen(model, asked)

    def interrupted(stage: str, done: int, of: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        virtual.lockstep(model, VOICE, SET, asked, "lockstep", interrupted)
    again: list[str] = []

    def counted(model: Model, left: list[Script], **options: object) -> list[Listened]:
        again.extend(script.id for script in left)
        return listen(model, left, **options)  # type: ignore[arg-type]

    fresh = load_model(model.checkpoint, VOICE, sessions=2, deterministic=True)  # as in another process
    monkeypatch.setattr(virtual, "listen", counted)
    told = Told()
    assert virtual.lockstep(fresh, VOICE, SET, asked, "lockstep", told) == whole
    assert (len(again), told.told[0], told.told[-1]) == (2, (2, 4), (4, 4))
    assert virtual.lockstep(fresh, VOICE, SET, asked, "lockstep", told) == whole
    assert len(again) == 2


def test_other_weights_another_set_or_other_arithmetic_find_nothing_kept(model: Model, tmp_path: Path) -> None:
    virtual.lockstep(model, VOICE, SET, scripts(a=4), "lockstep", Told())
    other = load_model(model.checkpoint, VOICE, sessions=2, deterministic=False)
    assert virtual.decides(other, VOICE) != virtual.decides(model, VOICE)
    wider = load_model(model.checkpoint, VOICE, sessions=3, deterministic=True)
    assert virtual.decides(wider, VOICE) != virtual.decides(model, VOICE)
    told = Told()
    virtual.lockstep(model, VOICE, replace(SET, sha256="6" * 64), scripts(a=4), "lockstep", told)
    assert told.told[0] == (0, 1)
    (first, second) = (tmp_path / "build/evals/kept").iterdir()
    assert model.sha256[:16] in first.name
    assert first.name != second.name


def test_what_no_delay_disturbed_is_heard_as_on_the_virtual_clock_and_not_run_again(model: Model) -> None:
    asked = scripts(calm=20, late=20)
    alone = {each.id: each for each in listen(model, asked)}
    calm = ItemTrace(id="calm", n0=103, ticks=tuple(range(103, 123)), late_ms=(0.0,) * 20)
    late = ItemTrace(id="late", n0=100, ticks=(*range(100, 106), 107, *range(107, 120)), late_ms=(0.0,) * 20)
    assert (calm.disturbed, late.disturbed) == (False, True)
    whole = listen(model, asked, virtual.Trace([calm, late]))
    assert whole[0] == alone["calm"]  # which is why it need not be
    assert whole[1].outputs != alone["late"].outputs
    told = Told()
    assert virtual.replay(model, [calm, late], asked, alone, "replay", told) == whole
    assert told.told == [(0, 1), (1, 1)]
    nothing = ItemTrace(id="calm", n0=103, ticks=calm.ticks, late_ms=(0.0,) * 19 + (2.5,))
    assert nothing.disturbed
