"""The core and a real engine together: contexts that move, fail and are replayed give the same bits."""

from __future__ import annotations

import asyncio
import copy
import json
from pathlib import Path

import pytest
import torch
from engine_rig import CONFIG, TURNS, EngineRig, noise
from engine_tools import checkpoint, kv
from typer import Typer
from typer.testing import CliRunner, Result

from actors.replay import replay
from cluster.model.random_checkpoint import write_random_checkpoint


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("checkpoint"), CONFIG)


def said(rig: EngineRig) -> list[tuple[int, ...]]:
    return [result.tokens for result in rig.core.session("s").results]


def test_a_session_says_the_same_alone_and_among_neighbours_across_anchors(folder: Path) -> None:
    alone, among = EngineRig(folder, "s"), EngineRig(folder, "a", "s", "b")
    asyncio.run(alone.talk(TURNS))
    asyncio.run(among.talk(TURNS))
    assert sum("anchored" in result.events for result in alone.core.session("s").results) >= 3
    assert any(said(alone))
    assert said(alone) == said(among)


async def heir_of(rig: EngineRig) -> EngineRig:
    """A core with an engine of its own that has caught up with session s from what the store holds of it."""
    heir = EngineRig(rig.engine.checkpoint_dir, "s")
    heir.store, heir.n = copy.deepcopy(rig.store), rig.n
    heir.epoch["s"], heir.attachment["s"] = await heir.store.claim("default", "s", held=1, owner="heir"), 0
    stored = await heir.store.load("default", "s")
    await heir.carry_out(heir.core.adopt(stored, heir.epoch["s"], heir.now_ns))
    last_k = rig.k() - 1
    await heir.reattach(last_k)
    while heir.core.session("s").answered_k < last_k:
        await heir.tick()
    return heir


async def test_kv_rebuilt_from_the_journal_is_the_live_one_bit_for_bit_across_anchors(folder: Path) -> None:
    live = EngineRig(folder, "s", "neighbour")
    await live.talk(TURNS, fail_at=(9,), late_at=(14,))
    assert sum("anchored" in result.events for result in live.core.session("s").results) >= 3
    heir, next_k = await heir_of(live), live.k()
    for rig in (live, heir):
        await rig.turn(next_k, audio=noise("s", next_k))
        await rig.tick()
    slots = [rig.core.session("s").context.live for rig in (live, heir)]
    assert said(heir)[-2:] == said(live)[-2:]  # the last one before the journal ends had to be said again
    assert torch.equal(kv(live.engine, slots[0]), kv(heir.engine, slots[1]))


@pytest.fixture(scope="module")
def history(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    rig = EngineRig(folder, "s", "neighbour")
    asyncio.run(rig.talk(TURNS, fail_at=(9, 30), late_at=(14, 33)))
    file = tmp_path_factory.mktemp("history") / "s.jsonl"
    file.write_bytes(b"\n".join(rig.history["s"]))
    return file


def run(*arguments: object) -> Result:
    app = Typer()
    app.command()(replay)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_model_says_again_what_a_history_tells_through_failures_lateness_and_anchors(
    folder: Path, history: Path
) -> None:
    torch.set_num_threads(2)
    done = run(history, "--model", "--checkpoint", folder, "--json")
    assert torch.get_num_threads() == 1  # a pool's threads would wait for each other between small matrices
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["same"]
    assert found["micro_turns"] == TURNS + 1 - 2  # two steps failed
    assert found["tokens"] > 0


def test_the_machine_replays_a_history_anywhere(history: Path) -> None:
    done = run(history, "--machine")
    assert (done.exit_code, done.output) == (0, f"the same: {TURNS + 1} micro-turns\n")


def test_another_checkpoint_is_refused_by_name(history: Path, tmp_path: Path) -> None:
    other = write_random_checkpoint(tmp_path, config=CONFIG, seed=4)
    done = run(history, "--model", "--checkpoint", other, "--json")
    assert done.exit_code == 1
    assert "versions.weights_sha256: was" in json.loads(done.output)["error"]


def test_a_divergence_is_told_with_its_line(history: Path, tmp_path: Path) -> None:
    lines = history.read_bytes().splitlines()
    at = next(i for i, line in enumerate(lines) if b'"Tick"' in line and b'"passes":5' in line)
    file = tmp_path / "other.jsonl"
    file.write_bytes(b"\n".join([*lines[:at], lines[at].replace(b'"passes":5', b'"passes":1'), *lines[at + 1 :]]))
    done = run(file, "--machine", "--json")
    assert done.exit_code == 1
    assert json.loads(done.output)["at"] == at + 1


@pytest.mark.parametrize("what", [["--machine"], ["--model", "--checkpoint"]])
def test_a_last_line_that_is_torn_is_told_and_what_comes_before_it_is_replayed(
    folder: Path, history: Path, tmp_path: Path, what: list[str]
) -> None:
    lines = history.read_bytes().splitlines(keepends=True)
    at = max(i for i, line in enumerate(lines) if b'"Result"' in line)
    file = tmp_path / "torn.jsonl"
    file.write_bytes(b"".join(lines[:at]) + lines[at][: len(lines[at]) // 2])
    done = run(file, *what, *([folder] if "--model" in what else []))
    assert done.exit_code == 0, done.output
    assert f"line {at + 1} is torn" in done.stderr.replace("\n", "")
    failed = 2 if "--model" in what else 0
    assert f"the same: {TURNS - failed} micro-turns" in done.stdout


def test_a_line_that_is_torn_before_others_is_an_error_that_names_it(history: Path, tmp_path: Path) -> None:
    lines = history.read_bytes().splitlines(keepends=True)
    file = tmp_path / "torn.jsonl"
    file.write_bytes(b"".join(lines[:7]) + lines[7][:40] + b"\n" + b"".join(lines[8:]))
    done = run(file, "--machine", "--json")
    assert done.exit_code == 1
    assert "line 8: is not JSON" in json.loads(done.output)["error"]


def test_a_history_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = run(tmp_path / "none.jsonl", "--machine")
    assert done.exit_code == 1
    assert "none.jsonl: cannot be read: No such file or directory" in done.stderr.replace("\n", "")


@pytest.mark.parametrize("options", [[], ["--machine", "--model"]])
def test_one_of_the_two_replays_is_asked_for(history: Path, options: list[str]) -> None:
    assert run(history, *options).exit_code == 2
