"""Whole evaluations of tiny sets: in which order, with one cluster, and what is left of an interrupted one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cluster.errors import ConfigError
from evals.harness import live, looks, refusal, virtual
from evals.harness.command import _names
from evals.harness.lockstep import Listened
from evals.harness.model import Model
from evals.harness.names import NAMES
from evals.harness.realtime import Live
from evals.harness.run import evaluate
from evals.harness.script import Script
from evals.harness.sets import EvalSet, open_set
from evals.harness.trace import ItemTrace
from evals.harness.wanted import Wanted
from evals.items import Event, Expect, Item, write_set
from evals.served import DidNotServe, Served
from tests.unit.eval_tools import VOICE, talkative

REPLAY = "replay of what was disturbed"
def nobody(*_: object) -> None:
    """Is told how far it is."""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return talkative(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(looks, "PATH", tmp_path / "looks.jsonl")
    for call in (looks.check, looks.log):
        monkeypatch.setattr(looks, call.__name__, at(call, tmp_path / "looks.jsonl"))


def at(call: Any, path: Path) -> Any:
    return lambda *arguments: call(*arguments, path=path)


def a_set(name: str, split: str = "dev") -> EvalSet:
    """Four items that are asked by text, one of which asks for nothing."""
    tags = {"voice": "flite:slt", "split": split}
    asked = Event(t_s=0.2, kind="text", text="drink water")
    due = {
        "timespeak": Expect(text="drink water", from_s=1.0, to_s=1.8),
        "cuespeak": Expect(text="water", from_s=1.0, to_s=2.0),
    }[name]
    items = [
        Item(id=f"{name}{n}", duration_s=2.0 + n / 5, events=(asked,), expect=(due,), tags={**tags, "family": "in"})
        for n in range(3)
    ]
    items.append(Item(id=f"{name}3", duration_s=2.0, tags={**tags, "family": "decoy"}))
    write_set(Path(name), items)
    return open_set(name, Path(name), split)


def wanted(checkpoint: Path, **options: Any) -> Wanted:
    return Wanted(checkpoint=checkpoint, voice=VOICE, deterministic=True, dtype="f32", date="2026-11-27", **options)


class Machine:
    """A cluster that hears nothing and is never late, started in no time."""

    def __init__(self) -> None:
        self.starts, self.stops, self.breaks = 0, 0, ""
        self.heard: list[list[str]] = []

    @contextmanager
    def served(self, *_: str, **__: Any) -> Iterator[Served]:
        if self.breaks == "start":
            raise DidNotServe("the cluster ended before it served: no port")
        self.starts += 1
        yield Served({"address": "127.0.0.1:1", "dtype": "f32"}, lambda: self.breaks != "end")
        self.stops += 1

    async def listen_live(self, _: str, scripts: Sequence[Script], *, progress: Any, **__: Any) -> list[Live]:
        self.heard.append([script.id for script in scripts])
        return [self._live(script) for script in scripts]

    def _live(self, script: Script) -> Live:
        ticks, turns = tuple(range(7, 7 + script.turns)), script.turns
        trace = ItemTrace(id=script.id, n0=7, ticks=ticks, late_ms=(0.0,) * turns)
        failed = "no route" if self.breaks == "sessions" else ""
        return Live(
            id=script.id, turns=turns, latency_ms=[20.0] * turns, failed=failed, trace=None if failed else trace
        )


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine()
    monkeypatch.setattr(live, "served", found.served)
    monkeypatch.setattr(live, "listen_live", found.listen_live)
    return found


@pytest.fixture
def stepped(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The items that went through the engine, with weights or without."""
    ids: list[str] = []
    listen = virtual.listen

    def counted(model: Model, scripts: Sequence[Script], *rest: Any, **options: Any) -> list[Listened]:
        ids.extend(script.id for script in scripts)
        return listen(model, scripts, *rest, **options)

    monkeypatch.setattr(virtual, "listen", counted)
    return ids


def test_several_sets_have_one_cluster_and_each_report_is_written_as_it_comes(
    checkpoint: Path, machine: Machine, stepped: list[str]
) -> None:
    sets = [a_set("timespeak"), a_set("cuespeak")]
    told: list[str] = []
    reports = evaluate(sets, wanted(checkpoint, realtime=3), lambda stage, done, of: told.append(stage))
    first = next(reports)
    assert json.loads(Path("out/eval/timespeak.json").read_text()) == json.loads(json.dumps(first))
    assert not Path("out/eval/cuespeak.json").exists()
    assert {each.rpartition(": ")[2] for each in told} >= {
        "weights of zero",
        "sighted baselines",
        "cascade",
        "lockstep",
    }
    assert [each.rpartition(": ")[2] for each in dict.fromkeys(told)][:2] == ["weights of zero"] * 2
    second = next(reports)
    assert (machine.starts, machine.stops) == (1, 0)
    assert list(reports) == []
    assert (machine.starts, machine.stops, len(machine.heard)) == (1, 1, 2)
    for report in (first, second):
        assert report["lockstep"]["items"] == 4
        assert report["realtime"]["items"] == 3
        assert report["controls"]["zero_weights"] == report["controls"]["silence"]
    assert len(Path("out/eval/cuespeak.items.jsonl").read_text().splitlines()) == 4


def test_a_cluster_that_does_not_serve_loses_nothing_that_was_heard(
    checkpoint: Path, machine: Machine, stepped: list[str]
) -> None:
    sets = [a_set("timespeak", "test")]
    machine.breaks = "start"
    with pytest.raises(ConfigError, match="no port"):
        list(evaluate(sets, wanted(checkpoint), nobody))
    assert not Path("looks.jsonl").exists()
    machine.breaks = ""
    before = len(stepped)
    (report,) = evaluate(sets, wanted(checkpoint), nobody)
    assert stepped[before:] == []  # nor did any delay disturb what was heard live
    assert report["replay"]["items"] == 4
    assert report["lockstep"] == report["replay"] | {"ci95": report["lockstep"]["ci95"]}
    assert len(Path("looks.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize(("breaks", "why"), [("sessions", "no session was served"), ("end", "ended while")])
def test_a_cluster_that_is_gone_is_no_measurement_and_no_look(
    checkpoint: Path, machine: Machine, breaks: str, why: str
) -> None:
    machine.breaks = breaks
    with pytest.raises(ConfigError, match=why):
        list(evaluate([a_set("timespeak", "test")], wanted(checkpoint), nobody))
    assert not Path("looks.jsonl").exists()
    assert not Path("out/eval/timespeak.json").exists()


def test_no_look_is_spent_on_a_report_that_would_be_refused_and_no_model_is_heard_for_it(
    checkpoint: Path, machine: Machine, stepped: list[str]
) -> None:
    with pytest.raises(ConfigError, match=r"timespeak\.test.*the control `cascade` is missing"):
        list(evaluate([a_set("timespeak", "test")], wanted(checkpoint, cascade=0), nobody))
    assert not Path("looks.jsonl").exists()
    assert machine.starts == 0
    assert len(stepped) == 4  # weights of zero
    (report,) = evaluate([a_set("timespeak")], wanted(checkpoint, cascade=0, realtime=0), nobody)
    assert f"the control `{refusal.CASCADE}` is missing" in report["refused"]


def test_weights_of_zero_that_speak_end_the_evaluation_of_a_test_set_at_once(
    checkpoint: Path, machine: Machine, stepped: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_zeroed(checkpoint: Path, folder: Path) -> Path:
        return talkative(folder)

    monkeypatch.setattr("evals.harness.run.write_zeroed", not_zeroed)
    with pytest.raises(ConfigError, match="with its weights set to zero it spoke"):
        list(evaluate([a_set("timespeak", "test"), a_set("cuespeak", "test")], wanted(checkpoint), nobody))
    assert len(stepped) == 4


def test_all_are_six_sets_and_any_can_be_left_out() -> None:
    assert list(_names("all", [], None)) == list(NAMES)
    assert list(_names("all", ["charades", "dialogue"], None)) == [
        *("timespeak", "cuespeak", "repcount", "proactivevideoqa")
    ]
    assert list(_names("dialogue", [], Path("mine"))) == ["dialogue"]


@pytest.mark.parametrize(
    ("name", "without", "folder", "why"),
    [
        ("all", ["charade"], None, "charade is none of timespeak"),
        ("all", [], Path("mine"), "the folder of one set"),
        ("dialogue", ["charades"], None, "leaves sets out of all"),
        ("dialog", [], None, "is no evaluation set"),
    ],
)
def test_what_cannot_be_meant_is_said(name: str, without: list[str], folder: Path | None, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        list(_names(name, without, folder))
