"""One history, and by every exchange the same said and the same bits of KV."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from cluster.types import Dtype
from tests.actors.grpc_shards import grpc_shards
from tests.unit import all_to_all_rank
from tests.unit.all_to_all_rank import run_again
from tests.unit.engine_rig import CONFIG, TURNS, EngineRig
from tests.unit.engine_tools import checkpoint, new_engine

ROOT = Path(__file__).parents[2]
PATIENT_S = 60.0

pytestmark = pytest.mark.timeout(120)

Again = dict[str, object]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("checkpoint"), CONFIG)


@pytest.fixture(scope="module")
def history(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a session among others, with experts in its engine: anchors, a failed step, a micro-turn that was late."""
    rig = EngineRig(folder, "s", "neighbour")
    asyncio.run(rig.talk(TURNS, fail_at=(9,), late_at=(14,)))
    assert sum("anchored" in result.events for result in rig.core.session("s").results) >= 3
    file = tmp_path_factory.mktemp("history") / "s.jsonl"
    file.write_bytes(b"\n".join(rig.history["s"]))
    return file


@pytest.fixture(scope="module")
def local(folder: Path, history: Path) -> Again:
    again = run_again(history, new_engine(folder, slots=2))
    assert again["tokens"]
    return again


def test_expert_shards_over_grpc_replay_it_bit_for_bit(
    folder: Path, history: Path, local: Again, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with grpc_shards(folder, CONFIG.num_experts, Dtype.F32, tmp_path, monkeypatch) as exchange:
        assert_same(run_again(history, new_engine(folder, exchange, slots=2)), local)


def test_both_ranks_of_all_to_all_replay_it_bit_for_bit(
    folder: Path, history: Path, local: Again, tmp_path: Path
) -> None:
    rendezvous, out = tmp_path / "rendezvous", tmp_path / "rank1.pt"
    command = [sys.executable, all_to_all_rank.__file__, folder, rendezvous, out, 1, history]
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'protos'}", "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    with subprocess.Popen([str(part) for part in command], env=environment) as other:
        try:
            assert_same(all_to_all_rank.replay_on_rank(folder, rendezvous, 0, history), local)
            assert other.wait(timeout=PATIENT_S) == 0
        finally:
            other.kill()
    assert_same(torch.load(out, weights_only=True), local)


def assert_same(again: Again, local: Again) -> None:
    assert again["tokens"] == local["tokens"]
    assert len(again["kv"]) == len(local["kv"])
    assert all(torch.equal(one, other) for one, other in zip(again["kv"], local["kv"], strict=True))
