"""Items on the virtual clock: delays that were recorded are heard again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cluster.engine import Engine
from cluster.types import StepResult, TickBatch
from counterpoint.talk.wav import Sound
from evals.harness.lockstep import Listened, listen
from evals.harness.model import Model, load_model, write_zeroed
from evals.harness.script import Script, Typed, script_of
from evals.harness.trace import ItemTrace, Trace
from evals.items import Event, Item
from evals.render.backdrop import HEIGHT, WIDTH
from evals.render.film import write
from tests.unit.eval_tools import VOICE, talkative

TURNS = 24  # more than a window: an anchor is on the way


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """It says a lot, and never twice the same."""
    return load_model(talkative(tmp_path_factory.mktemp("checkpoint")), VOICE, sessions=2, deterministic=True)


def scripts(*names: str) -> list[Script]:
    quiet = Sound(pcm=b"", sample_rate_hz=16_000).lasting(0.2 * TURNS)
    return [Script(id=name, sound=quiet, typed=(Typed(at_ms=400, text="drink water"),)) for name in names]


def spoken(listened: Listened) -> list[tuple[float, str]]:
    return [(said.onset_s, said.text) for said in listened.said if not said.text.startswith("<")]


def test_an_item_says_the_same_whatever_is_evaluated_beside_it(model: Model) -> None:
    (alone,) = listen(model, scripts("a"))
    among = listen(model, scripts("b", "a", "c"))
    assert spoken(alone)
    assert [spoken(each) for each in among] == [spoken(alone)] * 3
    assert any("anchored" in said.text for said in alone.said)


def test_an_item_is_told_how_long_ago_it_was_answered_as_a_served_session_is(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, step = dict[int, int](), Engine.step

    def watched(engine: Engine, batch: TickBatch) -> StepResult:
        told.update({turn.k: turn.since_output for work in batch.work for turn in work.turns})
        return step(engine, batch)

    monkeypatch.setattr(Engine, "step", watched)
    (heard,) = listen(model, scripts("a"))
    said = [k for k, words in heard.outputs.items() if words]
    assert told == {k: k - max((at for at in said if at < k), default=-1) for k in range(TURNS)}


def test_what_is_said_belongs_to_its_item_in_whatever_order_items_come_and_end(model: Model) -> None:
    quiet = Sound(pcm=b"", sample_rate_hz=16_000)
    asked = {"long": (TURNS, "drink water"), "short": (8, "stop"), "other": (16, "hello")}
    items = [
        Script(id=name, sound=quiet.lasting(0.2 * turns), typed=(Typed(at_ms=0, text=text),))
        for name, (turns, text) in asked.items()
    ]
    alone = {script.id: spoken(listen(model, [script])[0]) for script in items}
    assert len(set(map(str, alone.values()))) == 3
    for order in (items, items[::-1]):
        found = [(each.id, spoken(each)) for each in listen(model, order)]
        assert found == [(script.id, alone[script.id]) for script in order]


def test_results_that_came_late_are_heard_late(model: Model) -> None:
    (on_time,) = listen(model, scripts("a"))
    trace = Trace([ItemTrace(id="a", n0=7, ticks=tuple(range(7, 7 + TURNS)), late_ms=(100.0,) * TURNS)])
    (late,) = listen(model, scripts("a"), trace)
    assert late.outputs == on_time.outputs
    emitted = [said.emitted for said in late.said if said.emitted]
    assert {each.late_ms for each in emitted} == {100.0}
    assert {each.k for each in emitted} <= late.outputs.keys()
    assert [at for at, _ in spoken(late)] == pytest.approx([at + 0.1 for at, _ in spoken(on_time)], abs=1e-3)


def test_ticks_that_never_ran_coalesce_and_input_that_never_came_is_sealed(model: Model) -> None:
    ticks = list(range(TURNS))
    ticks[4] = ticks[5] = 6  # two micro-turns waited for the third
    ticks[14] = -1
    trace = Trace([ItemTrace(id="a", n0=0, ticks=tuple(ticks), late_ms=(0.0,) * TURNS)])
    (heard,) = listen(model, scripts("a"), trace)
    assert not {4, 5} & heard.outputs.keys()  # only the last micro-turn of a tick may speak
    assert max(heard.outputs) > 14


def test_with_weights_of_zero_nothing_is_said(model: Model, tmp_path: Path) -> None:
    empty = load_model(write_zeroed(model.checkpoint, tmp_path / "zeroed"), VOICE, sessions=2, deterministic=False)
    (heard,) = listen(empty, scripts("a"))
    assert not heard.outputs


def test_a_script_is_of_whole_micro_turns_and_holds_what_is_typed(tmp_path: Path) -> None:
    typed = Event(t_s=1.5, kind="text", text="stop")
    script = script_of(Item(id="a", duration_s=2.1, text="hello", events=(typed,)), tmp_path)
    assert script.turns == 11
    assert len(script.pcm(10)) == 6_400
    assert [each.text for each in script.typed_in(0)] == ["hello"]
    assert [each.text for each in script.typed_in(7)] == ["stop"]


@dataclass(frozen=True)
class Asked:
    """An item whose script is made when it is run."""

    script: Script
    opened: list[str]

    @property
    def id(self) -> str:
        return self.script.id

    @property
    def turns(self) -> int:
        return self.script.turns

    def open(self) -> Script:
        self.opened.append(self.id)
        return self.script


def test_the_longest_begins_and_each_is_told_of_when_it_ends(model: Model) -> None:
    lengths = {"short": 2, "long": 12, "middle": 6, "other": 5}
    opened, ended = list[str](), list[str]()
    quiet = Sound(pcm=b"", sample_rate_hz=16_000)
    asked = [Asked(Script(id=name, sound=quiet.lasting(0.2 * turns)), opened) for name, turns in lengths.items()]

    def told(listened: Listened) -> None:
        assert opened[:2] == ["long", "middle"]
        ended.append(listened.id)

    heard = listen(model, asked, ended=told)
    assert opened == ["long", "middle", "other", "short"]
    assert [each.id for each in heard] == list(lengths)
    assert sorted(ended) == sorted(lengths)
    assert ended[0] == "middle"


def test_an_item_with_a_film_is_seen(model: Model, tmp_path: Path) -> None:
    """Twelve pictures reach the engine as patches: it says otherwise than to another film and than to none."""
    for name, level in (("dark", 20), ("light", 235)):
        write(tmp_path / f"{name}.mp4", [np.full((HEIGHT, WIDTH, 3), level, np.uint8)] * 12)
    items = [Item(id=name, duration_s=2.4, video=f"{name}.mp4") for name in ("dark", "light")]
    shown = [script_of(item, tmp_path, side=model.picture_side) for item in items]
    assert [picture.at_ms for picture in shown[0].pictures] == [200 * k for k in range(12)]
    blind = [script_of(item, tmp_path, side=0) for item in items]
    dark, light = listen(model, shown)
    unseen, _ = listen(model, blind)
    assert dark.outputs
    assert len({str(each.outputs) for each in (dark, light, unseen)}) == 3
    assert listen(model, shown)[0] == dark
