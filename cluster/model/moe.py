"""Router and experts.

Legend: T tokens, K experts per token, E experts, R rows = (token, expert) pairs, D model width, I expert width.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import torch
from torch import Tensor

from cluster.model.layers import swiglu
from cluster.model.names import expert_tensors
from cluster.model.tiles import RowMath, row_math
from cluster.model.weights import TORCH_DTYPES, Checkpoint
from cluster.types import Dtype


def route(x_TD: Tensor, gate_ED: Tensor, top_k: int, *, renormalise: bool, math: RowMath) -> tuple[Tensor, Tensor]:
    """Expert ids (int64) and weights (fp32), each [T, K], best first; softmax over all experts, as in Qwen3-MoE."""
    probs_TE = torch.softmax(math.linear(x_TD, gate_ED), dim=-1)
    weights_TK, experts_TK = probs_TE.topk(top_k, dim=-1)
    if renormalise:
        weights_TK = weights_TK / weights_TK.sum(dim=-1, keepdim=True)
    return experts_TK, weights_TK


class ExpertBank:
    """The experts one owner holds, of every layer: what `Local`, a shard and a rank of `AllToAll` compute with.

    Only the named experts are read from the checkpoint; None means all. Thread-safe: forward only reads.
    """

    def __init__(
        self,
        checkpoint_dir: Path,
        experts: Iterable[int] | None = None,
        *,
        dtype: Dtype = Dtype.F32,
        deterministic: bool = False,
    ) -> None:
        checkpoint = Checkpoint(checkpoint_dir)
        config = checkpoint.config
        self.experts = tuple(sorted(range(config.num_experts) if experts is None else set(experts)))
        self.dtype, self.hidden_size = dtype, config.hidden_size
        self.num_layers = config.num_hidden_layers
        self._expert_width = config.moe_intermediate_size
        self._math = row_math(deterministic)
        self._weights: list[dict[int, tuple[Tensor, Tensor]]] = [
            {expert: _expert_weights(checkpoint, layer, expert, dtype) for expert in self.experts}
            for layer in range(config.num_hidden_layers)
        ]

    def forward(self, layer: int, experts_R: Sequence[int], rows_RD: Tensor) -> Tensor:
        """[R, D]: each row through its expert, unweighted, in the order given.

        experts_R must ascend. Raises ValueError for a layer or an expert this bank does not hold.
        """
        if not 0 <= layer < self.num_layers:
            raise ValueError(f"layer: {layer} is not in 0..{self.num_layers - 1}")
        held, runs = self._weights[layer], list(expert_runs(experts_R))
        if missing := [expert for expert, _, _ in runs if expert not in held]:
            raise ValueError(f"experts: {missing} are not held here; this bank holds {self.experts}")
        gate_up_R2I = self._math.grouped(rows_RD, [(i, j, held[e][0]) for e, i, j in runs], 2 * self._expert_width)
        return self._math.grouped(swiglu(gate_up_R2I), [(i, j, held[e][1]) for e, i, j in runs], self.hidden_size)


def expert_runs(experts_R: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """(expert, start, stop) of each run of equal, ascending ids. Raises ValueError if they do not ascend."""
    start, last = 0, -1
    for expert, run in groupby(experts_R):
        if expert < last:
            raise ValueError(f"experts: ids must ascend, {expert} at row {start} comes after {last}")
        stop = start + len(list(run))
        yield expert, start, stop
        start, last = stop, expert


def _expert_weights(checkpoint: Checkpoint, layer: int, expert: int, dtype: Dtype) -> tuple[Tensor, Tensor]:
    """Gate and up as one matrix [2I, D], so that one matmul serves both, and down [D, I]."""
    gate, up, down = (
        checkpoint.tensor(name, shape, TORCH_DTYPES[dtype])
        for name, shape in expert_tensors(checkpoint.config, layer, expert)
    )
    return torch.cat((gate, up)), down
