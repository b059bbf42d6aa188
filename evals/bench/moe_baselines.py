"""The MoE layer as others compute it, in our words. The arithmetic is that of `grouped_mm` and `batched_mm` in
transformers (src/transformers/integrations/moe.py, Apache-2.0).

Legend: T tokens, K experts per token, R = T * K rows, E experts, D model width, I expert width.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from cluster.model.names import expert_tensors
from cluster.model.weights import TORCH_DTYPES, Checkpoint
from cluster.types import Dtype


def _stacked(checkpoint_dir: Path, dtype: Dtype) -> tuple[list[Tensor], list[Tensor]]:
    """Per layer: gate over up [E, 2I, D] and down [E, D, I]."""
    checkpoint = Checkpoint(checkpoint_dir)
    config = checkpoint.config
    E, D, width = config.num_experts, config.hidden_size, config.moe_intermediate_size
    gate_up, down = [], []
    for layer in range(config.num_hidden_layers):
        gate_up_E2ID = torch.empty(E, 2 * width, D, dtype=TORCH_DTYPES[dtype])
        down_EDI = torch.empty(E, D, width, dtype=TORCH_DTYPES[dtype])
        for expert in range(E):
            names = expert_tensors(config, layer, expert)
            gate, up, out = (checkpoint.tensor(name, shape, TORCH_DTYPES[dtype]) for name, shape in names)
            gate_up_E2ID[expert, :width], gate_up_E2ID[expert, width:], down_EDI[expert] = gate, up, out
        gate_up.append(gate_up_E2ID)
        down.append(down_EDI)
    return gate_up, down


def _activate(gate_up_R2I: Tensor) -> Tensor:
    gate_RI, up_RI = gate_up_R2I.chunk(2, dim=-1)
    return functional.silu(gate_RI) * up_RI


class GroupedMM:
    """Rows sorted by expert, then one `grouped_mm` per projection over all experts."""

    def __init__(self, checkpoint_dir: Path, dtype: Dtype) -> None:
        self.gate_up, self.down = _stacked(checkpoint_dir, dtype)

    def __call__(self, layer: int, x_TD: Tensor, experts_TK: Tensor, weights_TK: Tensor) -> Tensor:
        gate_up_E2ID, down_EDI = self.gate_up[layer], self.down[layer]
        order_R = experts_TK.flatten().argsort(stable=True)
        tokens_R = order_R // experts_TK.shape[1]
        counts_E = torch.bincount(experts_TK.flatten(), minlength=gate_up_E2ID.shape[0])
        ends_E = counts_E.cumsum(0, dtype=torch.int32)
        hidden_R2I = functional.grouped_mm(x_TD[tokens_R], gate_up_E2ID.transpose(-2, -1), offs=ends_E)
        out_RD = functional.grouped_mm(_activate(hidden_R2I), down_EDI.transpose(-2, -1), offs=ends_E)
        out_RD = out_RD * weights_TK.flatten()[order_R, None]
        return torch.zeros_like(x_TD).index_add_(0, tokens_R, out_RD.to(x_TD.dtype))


class BatchedMM:
    """The weights of each row's expert are gathered, then one `bmm` per projection over all rows."""

    def __init__(self, gate_up: list[Tensor], down: list[Tensor]) -> None:
        self._gate_up, self._down = gate_up, down

    def __call__(self, layer: int, x_TD: Tensor, experts_TK: Tensor, weights_TK: Tensor) -> Tensor:
        experts_R = experts_TK.flatten()
        tokens_R = torch.arange(x_TD.shape[0]).repeat_interleave(experts_TK.shape[1])
        hidden_R2I = torch.bmm(self._gate_up[layer][experts_R], x_TD[tokens_R].unsqueeze(-1)).squeeze(-1)
        out_RD = torch.bmm(self._down[layer][experts_R], _activate(hidden_R2I).unsqueeze(-1)).squeeze(-1)
        out_RD = out_RD * weights_TK.flatten()[:, None]
        return torch.zeros_like(x_TD).index_add_(0, tokens_R, out_RD.to(x_TD.dtype))
