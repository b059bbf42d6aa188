"""The transport against real shards in real processes: equality, refusals, loss, freezing, moving."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
import torch

from actors.expert_client import ExpertClient
from cluster.errors import ExpertRefused, ExpertUnavailable
from cluster.model.moe import ExpertBank
from cluster.model.presets import MICRO
from cluster.model.random_checkpoint import write_random_checkpoint
from cluster.types import Dtype, ExpertCall, TensorFrame
from counterpoint.internal.v1 import expert_pb2 as pb
from counterpoint.internal.v1 import expert_pb2_grpc
from tests.actors.expert_processes import ShardProcess, running

torch.set_num_threads(1)

D = MICRO.hidden_size
PATIENT_S = 20.0


def rows_of(experts: tuple[int, ...], seed: int = 0) -> torch.Tensor:
    return torch.randn(len(experts), D, generator=torch.Generator().manual_seed(seed))


def frame_of(rows_RD: torch.Tensor) -> TensorFrame:
    return TensorFrame(Dtype.F32, tuple(rows_RD.shape), rows_RD.numpy().tobytes())


def call_of(experts: tuple[int, ...] = (0, 0, 3), *, layer: int = 0, epoch: int = 0, **changes: object) -> ExpertCall:
    fields = {
        "placement_epoch": epoch,
        "tick": 1,
        "pass_index": 0,
        "layer": layer,
        "attempt": 0,
        "experts": experts,
        "rows": frame_of(rows_of(experts)),
    }
    return ExpertCall(**{**fields, **changes})


def soon_ns(seconds: float = PATIENT_S) -> int:
    return time.monotonic_ns() + int(seconds * 1e9)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_random_checkpoint(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture(scope="module")
def shared(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ShardProcess]]:
    """Two shards that live on: one on a unix socket with all experts, one on TCP with the first four."""
    socket = tmp_path_factory.mktemp("sockets") / "expert.sock"
    every = ("--deterministic", "--address", f"unix:{socket}")
    half = ("--deterministic", "--address", "127.0.0.1:0", "--experts", "0-3")
    with running(checkpoint, every, half) as shards:
        yield shards


@pytest.fixture
def client(shared: list[ShardProcess]) -> Iterator[ExpertClient]:
    client = ExpertClient({shard: process.address for shard, process in enumerate(shared)})
    client.start(PATIENT_S)
    yield client
    client.close()


@pytest.fixture
def frozen(client: ExpertClient, shared: list[ShardProcess]) -> Iterator[ShardProcess]:
    """Shard 0, stopped in its tracks."""
    shared[0].freeze()
    yield shared[0]
    shared[0].thaw()


def test_rows_come_back_with_the_bits_of_a_local_bank(client: ExpertClient, checkpoint: Path) -> None:
    bank = ExpertBank(checkpoint, deterministic=True)
    experts = (0, 0, 1, 2, 2, 2, 3)
    for layer in range(MICRO.num_hidden_layers):
        with torch.inference_mode():
            expected = frame_of(bank.forward(layer, experts, rows_of(experts)))
        for shard in (0, 1):
            answer = client.call(shard, call_of(experts, layer=layer), soon_ns()).result(PATIENT_S)
            assert (answer.dtype, answer.shape) == (expected.dtype, expected.shape)
            assert bytes(answer.data) == bytes(expected.data)


def test_what_grpc_still_has_for_a_client_that_was_closed_reaches_no_loop_of_another(
    client: ExpertClient, shared: list[ShardProcess], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        other = ExpertClient({0: shared[0].address})
        other.start(PATIENT_S)
        other.close()
        client.call(0, call_of(), soon_ns()).result(PATIENT_S)
    assert [record.getMessage() for record in caplog.records] == []


def test_many_calls_under_way_are_each_answered_with_their_own_rows(client: ExpertClient) -> None:
    calls = [call_of((expert,) * rows, layer=expert) for expert in range(4) for rows in (1, 5, 33)]
    alone = [bytes(client.call(0, call, soon_ns()).result(PATIENT_S).data) for call in calls]
    together = [client.call(shard, call, soon_ns()) for call in calls for shard in (0, 1)]
    assert [bytes(future.result(PATIENT_S).data) for future in together[0::2]] == alone
    assert [bytes(future.result(PATIENT_S).data) for future in together[1::2]] == alone


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"layer": 6}, "call.layer"),
        ({"experts": (3, 0, 0)}, "call.experts"),
        ({"experts": (0, 0, 9)}, "call.experts"),
        ({"rows": frame_of(rows_of((0, 3)))}, "call.rows.shape"),
        ({"experts": ()}, "call.rows.shape"),
        ({"rows": TensorFrame(Dtype.F32, (3, D + 1), bytes(12 * (D + 1)))}, "call.rows.shape"),
        ({"rows": TensorFrame(Dtype.F32, (3 * D,), bytes(12 * D))}, "call.rows.shape"),
        ({"rows": TensorFrame(Dtype.F32, (3, D), bytes(12 * D - 1))}, "call.rows.data"),
        ({"rows": TensorFrame(Dtype.BF16, (3, D), bytes(6 * D))}, "call.rows.dtype"),
        ({"rows": TensorFrame(Dtype.U8, (3, D), bytes(3 * D))}, "call.rows.dtype"),
        ({"rows": TensorFrame(Dtype.F32, (1 << 15, 1 << 9), bytes(1 << 26))}, "call.rows.data"),
    ],
)
def test_a_malformed_call_is_refused_by_field_and_hurts_only_itself(
    client: ExpertClient, change: dict[str, object], field: str
) -> None:
    before = client.call(0, call_of(), soon_ns())
    broken = client.call(0, call_of(**change), soon_ns())
    after = client.call(0, call_of(), soon_ns())
    with pytest.raises(ExpertRefused) as refused:
        broken.result(PATIENT_S)
    assert refused.value.field == field
    assert before.result(PATIENT_S).data == after.result(PATIENT_S).data
    assert 0 in client.healthy()


def test_an_expert_held_elsewhere_is_refused_naming_what_is_held(client: ExpertClient) -> None:
    with pytest.raises(ExpertRefused, match=r"\[7\] are not held here; this shard holds \[0, 1, 2, 3\]"):
        client.call(1, call_of((0, 7, 7)), soon_ns()).result(PATIENT_S)


def test_a_row_dtype_the_wire_does_not_know_is_refused_in_band(shared: list[ShardProcess]) -> None:
    up = pb.ExpertUp(call=pb.ExpertCallUp(call_id=7, experts=[0], rows=pb.Rows(dtype=9, shape=[1, D])))
    with grpc.insecure_channel(shared[0].address) as channel:
        stream = expert_pb2_grpc.ExpertStub(channel).Exchange(iter([up, pb.ExpertUp(probe=pb.ExpertProbe(sent_ns=5))]))
        refused, probe = stream
    assert (refused.refusal.call_id, refused.refusal.field) == (7, "call.rows.dtype")
    assert probe.probe.sent_ns == 5


def test_a_shard_describes_what_it_holds(shared: list[ShardProcess]) -> None:
    with grpc.insecure_channel(shared[1].address) as channel:
        reply = expert_pb2_grpc.ExpertStub(channel).Describe(pb.DescribeRequest())
    assert (reply.num_layers, reply.hidden_size, list(reply.experts)) == (6, D, [0, 1, 2, 3])
    assert (reply.dtype, reply.deterministic, reply.pid) == (pb.Rows.DTYPE_F32, True, shared[1].process.pid)
    assert len(reply.weights_sha256) == 64


def test_a_shard_that_is_not_placed_cannot_be_called(client: ExpertClient) -> None:
    with pytest.raises(ExpertUnavailable, match="shard 5 is not placed"):
        client.call(5, call_of(), soon_ns()).result(PATIENT_S)


def test_a_killed_shard_fails_what_is_pending_at_once_and_its_successors_are_found_at_the_same_address_and_elsewhere(
    client: ExpertClient, shared: list[ShardProcess], checkpoint: Path, tmp_path: Path
) -> None:
    addresses = {shard: process.address for shard, process in enumerate(shared)}
    with running(checkpoint, ("--deterministic", "--address", f"unix:{tmp_path}/victim.sock")) as (victim,):
        client.set_shards({**addresses, 2: victim.address})
        client.wait_until(frozenset({0, 1, 2}).issubset, PATIENT_S)
        before = client.call(2, call_of(), soon_ns()).result(PATIENT_S)
        victim.freeze()
        pending = [client.call(2, call_of(), 0) for _ in range(3)]
        victim.kill()
        for future in pending:
            with pytest.raises(ExpertUnavailable, match="ask a replica"):
                future.result(PATIENT_S)
    assert client.wait_until(lambda healthy: 2 not in healthy, PATIENT_S) == {0, 1}
    with running(checkpoint, ("--deterministic", "--address", victim.address)):
        client.wait_until(frozenset({0, 1, 2}).issubset, PATIENT_S)
        assert client.call(2, call_of(), soon_ns()).result(PATIENT_S).data == before.data
    client.wait_until(lambda healthy: 2 not in healthy, PATIENT_S)
    client.set_shards({**addresses, 2: addresses[0]})
    client.wait_until(frozenset({0, 1, 2}).issubset, PATIENT_S)
    assert client.call(2, call_of(), soon_ns()).result(PATIENT_S).data == before.data
    client.set_shards(addresses)
    client.wait_until(lambda healthy: healthy == {0, 1}, PATIENT_S)


def test_a_frozen_shard_misses_its_deadline_stays_suspect_and_recovers_when_it_goes_on(
    client: ExpertClient, frozen: ShardProcess
) -> None:
    late = client.call(0, call_of(), soon_ns(0.02))
    with pytest.raises(ExpertUnavailable, match="no answer by the deadline"):
        late.result(PATIENT_S)
    client.suspect(0)
    assert client.healthy() == {1}
    frozen.thaw()
    client.wait_until(frozenset({0}).issubset, PATIENT_S)
    # the answer to the call that was given up came before the probe's, and was dropped
    assert client.call(0, call_of(), soon_ns()).result(PATIENT_S).shape == (3, D)


def test_a_shard_that_freezes_between_steps_is_found_before_it_is_called(
    client: ExpertClient, frozen: ShardProcess
) -> None:
    client.wait_until(lambda healthy: healthy == {1}, PATIENT_S)
    frozen.thaw()
    client.wait_until(frozenset({0}).issubset, PATIENT_S)


def test_nothing_is_left_unanswered_when_the_client_closes(client: ExpertClient, frozen: ShardProcess) -> None:
    pending = [client.call(0, call_of(), 0) for _ in range(10)]
    client.close()
    for future in pending:
        with pytest.raises(ExpertUnavailable):
            future.result(0)
    with pytest.raises(ExpertUnavailable, match="not open"):
        client.call(0, call_of(), 0).result(0)


def test_a_client_that_finds_no_shard_says_so_and_closes(tmp_path: Path) -> None:
    client = ExpertClient({0: f"unix:{tmp_path}/nobody.sock"})
    with pytest.raises(ExpertUnavailable, match=r"only shards \[\] are healthy"):
        client.start(0.2)
    with pytest.raises(ExpertUnavailable, match="not open"):
        client.call(0, call_of(), 0).result(0)
    client.close()
    ExpertClient({}).close()
