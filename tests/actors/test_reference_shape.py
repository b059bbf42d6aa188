"""The planner's 276B-A12B shape with random weights: builds, shards and steps in bf16, by every exchange.

Real: hidden size, heads, 256 experts, top-8, vision. Reduced: one layer of 62, a vocabulary of 300 of 160 000, and in
`make test` an expert width of 88 of 1408 (0.6 GB), in `make test-long` one of 352 (2.3 GB, in memory up to three
times).
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from cluster.engine import Engine
from cluster.model.config import ModelConfig, dump_config
from cluster.model.names import all_tensors
from cluster.model.presets import REFERENCE_276B
from cluster.model.random_checkpoint import write_random_checkpoint
from cluster.planning.config_shape import shape_from_config
from cluster.planning.shapes import PRESETS
from cluster.types import Dtype
from tests.actors.grpc_shards import SHARDS, grpc_shards
from tests.unit import all_to_all_rank

torch.set_num_threads(1)

ROOT = Path(__file__).parents[2]
QUARTER, NARROW = REFERENCE_276B.moe_intermediate_size // 4, REFERENCE_276B.moe_intermediate_size // 16
TICKS = 2
PATIENT_S = 120.0

Talk = dict[str, object]


@pytest.fixture(
    scope="module",
    params=[NARROW, pytest.param(QUARTER, marks=[pytest.mark.long, pytest.mark.timeout(600)])],
    ids=["narrow experts", "quarter experts"],
)
def config(request: pytest.FixtureRequest) -> ModelConfig:
    return replace(REFERENCE_276B, num_hidden_layers=1, since=None, vocab_size=300, moe_intermediate_size=request.param)


@pytest.fixture(scope="module")
def folder(config: ModelConfig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("checkpoint")
    yield write_random_checkpoint(folder, config=config, seed=3, sil_bias=2.0, dtype=torch.bfloat16)
    (folder / "model.safetensors").unlink()  # pytest keeps the folders of three runs


@pytest.fixture(scope="module")
def local(folder: Path) -> Talk:
    """What one engine with all experts says; it is gone when the shards load theirs."""
    said = all_to_all_rank.talk(Engine(folder, num_slots=2, dtype=Dtype.BF16, deterministic=True), 0, TICKS)
    gc.collect()
    return said


def test_two_shards_over_grpc_give_the_bits_of_one_engine(
    config: ModelConfig, folder: Path, local: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with grpc_shards(folder, config.num_experts, Dtype.BF16, tmp_path, monkeypatch) as remote:
        engine = Engine(folder, num_slots=2, exchange=remote, dtype=Dtype.BF16, deterministic=True)
        got = all_to_all_rank.talk(engine, 0, TICKS)
    assert_same(got, local)
    assert got["passes"] == local["passes"]
    assert got["calls"] == len(SHARDS) * got["passes"]  # of one layer, and each pass has rows for both


def test_two_ranks_of_all_to_all_give_the_bits_of_one_engine(folder: Path, local: Talk, tmp_path: Path) -> None:
    rendezvous = tmp_path / "rendezvous"
    command = [sys.executable, all_to_all_rank.__file__, folder, rendezvous, tmp_path / "rank1.pt", 1, "bf16", TICKS]
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'protos'}", "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    with subprocess.Popen([str(part) for part in command], env=environment) as other:
        try:
            assert_same(all_to_all_rank.run_rank(folder, rendezvous, 0, Dtype.BF16, TICKS), local)
            assert other.wait(timeout=PATIENT_S) == 0
        finally:
            other.kill()


def test_a_layer_on_disk_has_the_bytes_the_planner_reckons_with(config: ModelConfig, folder: Path) -> None:
    shape = shape_from_config("reduced", json.loads((folder / "config.json").read_text()))
    layer = shape.attention_params + shape.experts * (shape.expert_params + shape.hidden)
    on_disk = sum(torch.Size(size).numel() for name, size in all_tensors(config) if name.startswith("model.layers.0."))
    assert on_disk == pytest.approx(layer, rel=1e-3)
    assert (folder / "model.safetensors").stat().st_size > 2 * layer


def test_planner_and_model_mean_the_same_shape() -> None:
    planned = PRESETS["reference-276b-a12b"]
    built = shape_from_config(planned.name, json.loads(dump_config(REFERENCE_276B)))
    assert built == replace(planned, published_total=None, published_active=None, note="")


def assert_same(got: Talk, local: Talk) -> None:
    assert got["said"] == local["said"]
    assert torch.equal(got["kv"], local["kv"])
