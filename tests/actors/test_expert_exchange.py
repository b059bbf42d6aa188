"""The `Grpc` exchange over real shards: the bits of `Local`, whatever happens to one of two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from actors.expert import ExpertShard
from actors.expert_client import ExpertClient
from actors.expert_link import LinkTiming
from cluster.clock import MonotonicClock
from cluster.errors import ConfigError
from cluster.model import latency
from cluster.model.dispatch import Exchange, Local, PassReport
from cluster.model.moe import ExpertBank
from cluster.model.placement import uniform_placement
from cluster.model.presets import MICRO
from cluster.model.random_checkpoint import write_random_checkpoint
from cluster.model.remote import Remote
from tests.actors.expert_processes import ShardProcess, running

torch.set_num_threads(1)

E, K, D, LAYERS = MICRO.num_experts, MICRO.num_experts_per_tok, MICRO.hidden_size, MICRO.num_hidden_layers
PATIENT_S = 20.0
BOTH = frozenset({0, 1})


def inputs(T: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    weights_TK, experts_TK = torch.randn(T, E, generator=generator).softmax(-1).topk(K)
    return torch.randn(T, D, generator=generator), experts_TK, weights_TK


def one_pass(exchange: Exchange, T: int, tick: int) -> tuple[list[Tensor], PassReport]:
    exchange.begin_pass(tick, 0, lambda: None)
    with torch.inference_mode():
        outputs = [exchange.run(layer, *inputs(T, seed=100 * tick + layer)) for layer in range(LAYERS)]
    return outputs, exchange.end_pass()


def equal(left: list[Tensor], right: list[Tensor]) -> bool:
    return all(torch.equal(a_TD, b_TD) for a_TD, b_TD in zip(left, right, strict=True))


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loaded machine must not look like a dead shard: deadlines of half a second instead of 5 to 100 ms."""
    for name in ("MIN_NS", "MAX_NS", "WARMUP_NS"):
        monkeypatch.setattr(latency, name, 500_000_000)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_random_checkpoint(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture(scope="module")
def local(checkpoint: Path) -> Local:
    return Local(ExpertBank(checkpoint, deterministic=True))


@pytest.fixture
def shards(checkpoint: Path, tmp_path: Path) -> Iterator[list[ShardProcess]]:
    sockets = (("--deterministic", "--address", f"unix:{tmp_path}/{shard}.sock") for shard in range(2))
    with running(checkpoint, *sockets) as started:
        yield started


@pytest.fixture
def client(shards: list[ShardProcess]) -> Iterator[ExpertClient]:
    addresses = {shard: process.address for shard, process in enumerate(shards)}
    client = ExpertClient(addresses, timing=LinkTiming(silence_ms=10_000, reopen_ms=20_000))
    client.start(PATIENT_S)
    yield client
    client.close()


@pytest.fixture
def remote(client: ExpertClient) -> Remote:
    return Remote(client, uniform_placement(E, (0, 1), copies=2), MonotonicClock(), few_rows=0)


def test_the_exchange_gives_the_bits_of_local_and_goes_on_when_a_shard_freezes_comes_back_and_is_killed(
    remote: Remote, client: ExpertClient, shards: list[ShardProcess], local: Local
) -> None:
    for tick, T in enumerate((1, 3, 16, 48)):
        outputs, report = one_pass(remote, T, tick)
        assert equal(outputs, one_pass(local, T, tick)[0])
        assert report.reissued_calls == 0
        assert LAYERS <= report.expert_calls <= 2 * LAYERS
    assert report.expert_calls == 2 * LAYERS

    shards[0].freeze()
    outputs, report = one_pass(remote, 8, 10)
    assert equal(outputs, one_pass(local, 8, 10)[0])
    assert report.reissued_calls == 1  # the first missed deadline is the last: after it nobody calls the suspect
    assert not report.degraded_rows
    assert client.healthy() == {1}

    shards[0].thaw()
    client.wait_until(BOTH.issubset, PATIENT_S)
    outputs, report = one_pass(remote, 8, 11)
    assert equal(outputs, one_pass(local, 8, 11)[0])
    assert (report.expert_calls, report.reissued_calls) == (2 * LAYERS, 0)

    remote.begin_pass(12, 0, lambda: None)
    for layer in range(LAYERS):
        if layer == 2:
            shards[1].kill()
        with torch.inference_mode():
            y_TD = remote.run(layer, *inputs(8, seed=layer))
            assert torch.equal(y_TD, local.run(layer, *inputs(8, seed=layer)))
    assert not remote.end_pass().degraded_rows
    assert client.healthy() == {0}


def test_a_stale_placement_is_refused_by_the_fenced_shard_and_served_by_the_other(
    checkpoint: Path, local: Local
) -> None:
    fenced = ExpertShard(checkpoint, deterministic=True)
    open_to_all = ExpertShard(checkpoint, deterministic=True)
    client = ExpertClient({0: fenced.start(PATIENT_S), 1: open_to_all.start(PATIENT_S)})
    client.start(PATIENT_S)
    try:
        remote = Remote(client, uniform_placement(E, (0, 1), copies=2, epoch=4), MonotonicClock(), few_rows=0)
        fenced.fence(5)
        outputs, report = one_pass(remote, 8, 0)
        assert equal(outputs, one_pass(local, 8, 0)[0])
        assert report.reissued_calls >= 1
        assert not report.degraded_rows
        client.wait_until(BOTH.issubset, PATIENT_S)
        remote.placement = uniform_placement(E, (0, 1), copies=2, epoch=5)
        assert one_pass(remote, 8, 1)[1].reissued_calls == 0
    finally:
        client.close()
        fenced.stop()
        open_to_all.stop()


def test_what_no_shard_can_load_is_raised_by_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no config\.json"):
        ExpertShard(tmp_path).start(PATIENT_S)


def test_an_address_that_cannot_be_bound_is_named(checkpoint: Path) -> None:
    with pytest.raises(OSError, match=r"address: 192\.0\.2\.1:0 cannot be bound"):
        ExpertShard(checkpoint, address="192.0.2.1:0").start(PATIENT_S)
