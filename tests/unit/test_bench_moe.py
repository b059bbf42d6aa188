"""The benchmark of the MoE layer measures the same computation, and says so when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from cluster.model.random_checkpoint import write_random_checkpoint
from evals.bench.moe import MICRO_SHAPE, Shape, contenders, moe_rows, race

torch.set_num_threads(1)


def test_every_contender_computes_the_layer_and_gets_a_row(tmp_path: Path) -> None:
    racing = contenders(write_random_checkpoint(tmp_path), MICRO_SHAPE)
    rows = race(racing, MICRO_SHAPE.config, 4, torch.float32, rounds=1, budget_s=1.0)
    assert [row["what"] for row in rows] == list(racing)
    for row in rows:
        assert row["T"] == 4
        assert 0 < row["latency_ms"]["p50"] <= row["latency_ms"]["p90"] <= row["latency_ms"]["p99"]


def test_contenders_that_differ_are_not_compared(tmp_path: Path) -> None:
    racing = contenders(write_random_checkpoint(tmp_path), MICRO_SHAPE)
    racing["moe-wrong"] = lambda layer, x_TD, experts_TK, weights_TK: torch.zeros_like(x_TD)
    with pytest.raises(RuntimeError, match="the race means nothing"):
        race(racing, MICRO_SHAPE.config, 4, torch.float32, rounds=1, budget_s=1.0)


def test_a_shape_that_memory_cannot_hold_is_a_row_that_says_so() -> None:
    huge = Shape(name="huge", config=MICRO_SHAPE.config, dtype=MICRO_SHAPE.dtype, memory_gib=1e6)
    (row,) = moe_rows(rounds=1, shapes=(huge,))
    assert "needs 1000000.0 GiB" in row["skipped"]
