"""The three exchanges give the same bits on the same history."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from cluster.clock import ManualClock
from cluster.model.moe import ExpertBank
from cluster.model.placement import held_by, uniform_placement
from cluster.model.remote import Remote
from tests.unit import all_to_all_rank
from tests.unit.engine_tools import Driver, checkpoint, conversation, kv, live, new_engine
from tests.unit.expert_fakes import ThreadTransport

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture(params=[(2, 2), (3, 1)], ids=["two shards, all experts on both", "three shards, no replicas"])
def transport(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[ThreadTransport, Remote]]:
    shards, copies = request.param
    placement = uniform_placement(8, tuple(range(shards)), copies=copies)
    banks = {shard: ExpertBank(folder, held_by(placement, shard), deterministic=True) for shard in range(shards)}
    transport = ThreadTransport(banks)
    yield transport, Remote(transport, placement, ManualClock())
    transport.close()


def test_remote_experts_give_the_bits_of_local_ones(folder: Path, transport: tuple[ThreadTransport, Remote]) -> None:
    local, remote = Driver(new_engine(folder)), Driver(new_engine(folder, transport[1]))
    turns = [[turn] for turn in conversation(30, 15)]
    for driver in (local, remote):
        driver.open("a", 0)
    assert live(local, "a", 0, turns) == live(remote, "a", 0, turns)
    assert torch.equal(kv(local.engine, 0), kv(remote.engine, 0))
    shards = {shard for shard, _ in transport[0].calls}
    assert shards == set(transport[0].banks)


def test_calls_are_counted_per_layer_pass_and_shard(folder: Path, transport: tuple[ThreadTransport, Remote]) -> None:
    driver = Driver(new_engine(folder, transport[1]))
    driver.open("a", 0)
    transport[0].calls.clear()
    result = driver.tick(driver.turn_work("a", 0, *conversation(31, 3)))
    assert result.expert_calls == result.shards_used == len(transport[0].calls)
    assert result.expert_calls <= 3 * result.passes * len(transport[0].banks)
    assert {(call.tick, call.attempt) for _, call in transport[0].calls} == {(driver.n, 0)}
    assert {call.pass_index for _, call in transport[0].calls} == set(range(result.passes))


def test_all_to_all_over_two_processes_gives_the_bits_of_local_experts(folder: Path, tmp_path: Path) -> None:
    out, rendezvous = tmp_path / "rank1.pt", tmp_path / "rendezvous"
    command = [sys.executable, all_to_all_rank.__file__, str(folder), str(rendezvous), str(out), "1"]
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'protos'}", "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    with subprocess.Popen(command, env=environment) as other:
        try:
            ranks = [all_to_all_rank.run_rank(folder, rendezvous, 0)]
            assert other.wait(timeout=30) == 0
        finally:
            other.kill()
    ranks.append(torch.load(out, weights_only=True))
    for rank, got in enumerate(ranks):
        alone = all_to_all_rank.talk(new_engine(folder), rank)
        assert got["said"] == alone["said"]
        assert torch.equal(got["kv"], alone["kv"])
        assert got["calls"] > 0
