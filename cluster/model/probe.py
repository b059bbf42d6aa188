"""Which dtype is faster on this machine: measured on the matmuls of one silent micro-turn, not guessed from flags."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from cluster.clock import Clock
from cluster.model.config import ModelConfig
from cluster.model.layers import swiglu
from cluster.model.tiles import RowMath, row_math
from cluster.model.weights import TORCH_DTYPES
from cluster.types import Dtype

_ROWS = 48  # sixteen silent sessions
_ROUNDS = 15
_WARM, _HOPELESS = 3, 2.0  # bf16 without hardware for it takes many times as long: a few rounds are enough to see it
_MAX_EXPERTS = 8  # more of them tell nothing new and take memory
_MARGIN = 0.75  # bf16 costs accuracy, and attention stays fp32: it must be clearly faster


@dataclass(frozen=True, slots=True, kw_only=True)
class DtypeChoice:
    dtype: Dtype
    why: str


def probe_dtype(config: ModelConfig, clock: Clock, *, deterministic: bool = False) -> DtypeChoice:
    """Time one layer's matmuls in fp32 and in bf16 with pre-cast weights; tens of milliseconds at the micro shape."""
    layers = {dtype: _Layer(config, dtype, row_math(deterministic)) for dtype in (Dtype.F32, Dtype.BF16)}
    best_us = dict.fromkeys(layers, float("inf"))
    for done in range(_ROUNDS):  # interleaved, and the best of each: a busy machine hurts both alike
        for dtype, layer in layers.items():
            started_ns = clock.now_ns()
            layer.run()
            best_us[dtype] = min(best_us[dtype], (clock.now_ns() - started_ns) / 1e3)
        if done >= _WARM and best_us[Dtype.BF16] > _HOPELESS * best_us[Dtype.F32]:
            break
    fp32_us, bf16_us = best_us[Dtype.F32], best_us[Dtype.BF16]
    dtype = Dtype.BF16 if bf16_us < _MARGIN * fp32_us else Dtype.F32
    why = f"a layer's matmuls for {_ROWS} rows took {fp32_us:.0f} us in fp32, {bf16_us:.0f} us in bf16"
    return DtypeChoice(dtype=dtype, why=why)


class _Layer:
    """The matmuls of one layer: queries, keys and values, output, and experts with their share of the rows."""

    def __init__(self, config: ModelConfig, dtype: Dtype, math: RowMath) -> None:
        D, inter, d = config.hidden_size, config.moe_intermediate_size, config.head_dim
        heads = config.num_attention_heads + 2 * config.num_key_value_heads
        generator = torch.Generator().manual_seed(0)

        def weight(outputs: int, inputs: int) -> torch.Tensor:
            values = torch.randn(outputs, inputs, generator=generator)
            return values.to(TORCH_DTYPES[dtype])

        self._math, self._rows = math, weight(_ROWS, D)
        self._qkv, self._o = weight(heads * d, D), weight(D, config.num_attention_heads * d)
        self._mixed = weight(_ROWS, config.num_attention_heads * d)
        pairs = _ROWS * config.num_experts_per_tok
        used = min(config.num_experts, pairs, _MAX_EXPERTS)
        self._experts = [(weight(2 * inter, D), weight(D, inter)) for _ in range(used)]
        self._share = weight(max(1, pairs // used), D)

    def run(self) -> None:
        self._math.linear(self._rows, self._qkv)
        self._math.linear(self._mixed, self._o)
        for gate_up, down in self._experts:
            self._math.linear(swiglu(self._math.linear(self._share, gate_up)), down)
