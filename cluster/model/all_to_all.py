"""The `AllToAll` exchange: ranks hold trunk and experts and move in lockstep over torch.distributed.

Losing a rank is losing the engine: the collective raises and the shell replaces all ranks.

Legend: T tokens of this rank, K experts per token, R rows = (token, expert) pairs of this rank, Q rows received,
D model width, E experts, W ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.distributed as dist
from torch import Tensor

from cluster.model.dispatch import Pairs, PassReport
from cluster.model.moe import ExpertBank
from cluster.model.placement import routes
from cluster.types import Placement


class AllToAll:
    """`group` is made by the engine shell; shard ids of the placement are ranks of the group.

    Every rank must call agree, begin_pass, run and end_pass in the same order, a rank without rows included.
    """

    def __init__(self, group: dist.ProcessGroup, bank: ExpertBank, placement: Placement) -> None:
        self._group, self._bank = group, bank
        self._num_ranks = dist.get_world_size(group)
        ranks = routes(placement, frozenset(range(self._num_ranks)))
        if None in ranks:
            raise ValueError(f"placement: expert {ranks.index(None)} is on none of the {self._num_ranks} ranks")
        self._rank_E = torch.tensor(ranks)
        self._calls = 0

    def agree(self, more: bool) -> bool:
        flag = torch.tensor([int(more)])
        dist.all_reduce(flag, op=dist.ReduceOp.MAX, group=self._group)
        return bool(flag)

    def begin_pass(self, tick: int, pass_index: int, beat: Callable[[], None]) -> None:
        self._calls = 0

    def end_pass(self) -> PassReport:
        return PassReport(expert_calls=self._calls, shards_used=self._calls)

    def run(
        self, layer: int, x_TD: Tensor, experts_TK: Tensor, weights_TK: Tensor, rows: Sequence[int] | None = None
    ) -> Tensor:
        pairs = Pairs.sort(experts_TK)
        experts_R = torch.tensor(pairs.experts, dtype=torch.int64)
        ranks_R, by_rank_R = self._rank_E[experts_R].sort(stable=True)
        sent_W = ranks_R.bincount(minlength=self._num_ranks)
        received_W = self._exchange(sent_W, [1] * self._num_ranks, [1] * self._num_ranks)
        sent, received = sent_W.tolist(), received_W.tolist()
        self._calls += sum(rows > 0 for rows in sent)
        experts_Q = self._exchange(experts_R[by_rank_R], sent, received)
        rows_QD = self._exchange(x_TD[pairs.tokens[by_rank_R]], sent, received)
        experts_Q, order_Q = experts_Q.sort(stable=True)
        answers_QD = torch.empty_like(rows_QD)
        answers_QD[order_Q] = self._bank.forward(layer, experts_Q.tolist(), rows_QD[order_Q])
        rows_RD = torch.empty_like(x_TD[pairs.tokens])
        rows_RD[by_rank_R] = self._exchange(answers_QD, received, sent)
        return pairs.combine(rows_RD, weights_TK)

    def _exchange(self, tensor: Tensor, sent: list[int], received: list[int]) -> Tensor:
        """Send the first sent[0] rows to rank 0 and so on; rows travel as bytes, since gloo has no bf16."""
        raw = tensor.contiguous().view(torch.uint8) if tensor.dim() > 1 else tensor
        out = raw.new_empty(sum(received), *raw.shape[1:])
        dist.all_to_all_single(out, raw, received, sent, group=self._group)
        return out.view(tensor.dtype)
