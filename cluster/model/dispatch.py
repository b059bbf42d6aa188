"""Dispatch and combine: how rows reach their experts and come back. Remote and AllToAll are in files of their own.

Legend: T tokens, K experts per token, R rows = (token, expert) pairs sorted by expert, D model width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from cluster.clock import Clock
from cluster.model.moe import ExpertBank


@dataclass(frozen=True, slots=True, kw_only=True)
class PassReport:
    """What one pass cost and lost."""

    expert_calls: int = 0  # made, apart from those made again
    # shards that had rows, over layers: as many as calls, unless `Remote`, which alone counts them apart, forgot or
    # doubled one
    shards_used: int = 0
    reissued_calls: int = 0
    degraded_rows: frozenset[int] = frozenset()  # rows of the pass that lost an expert


class Exchange(Protocol):
    """Carries rows to experts. One pass: begin_pass, run once per layer, end_pass."""

    def agree(self, more: bool) -> bool:
        """Whether another pass follows: `more` here, or on any rank that moves in lockstep with this one."""

    def begin_pass(self, tick: int, pass_index: int, beat: Callable[[], None]) -> None:
        """`beat` must be called at least every 20 ms while `run` waits."""

    def run(
        self, layer: int, x_TD: Tensor, experts_TK: Tensor, weights_TK: Tensor, rows: Sequence[int] | None = None
    ) -> Tensor:
        """[T, D] in fp32: the weighted sum of each token's experts, added in router order.

        rows: which of the pass these are; None: all of them.
        """

    def end_pass(self) -> PassReport: ...


@dataclass(frozen=True, slots=True)
class Pairs:
    """Every (token, expert) pair of a layer, sorted by expert: so each expert is read once for all its rows."""

    tokens: Tensor  # [R], the token of each row
    experts: list[int]  # [R], ascending
    place: Tensor  # [T, K], the row of each pair

    @classmethod
    def sort(cls, experts_TK: Tensor) -> Pairs:
        T, K = experts_TK.shape
        flat = experts_TK.numpy().reshape(-1)  # numpy sorts a few hundred numbers in a tenth of the time
        order_R = flat.argsort(kind="stable")
        place = np.empty_like(order_R)
        place[order_R] = np.arange(len(order_R))
        return cls(torch.from_numpy(order_R // K), flat[order_R].tolist(), torch.from_numpy(place.reshape(T, K)))

    def combine(self, rows_RD: Tensor, weights_TK: Tensor) -> Tensor:
        """[T, D] in fp32: multiply and add are separate roundings, so the bits do not depend on the vector unit."""
        first_TD, *others = (
            rows_RD[place_T].float() * weight_T[:, None]
            for place_T, weight_T in zip(self.place.unbind(1), weights_TK.unbind(1), strict=True)
        )
        for other_TD in others:
            first_TD += other_TD
        return first_TD


class Timed:
    """Adds up the time another exchange takes."""

    def __init__(self, exchange: Exchange, clock: Clock) -> None:
        self._exchange, self._clock = exchange, clock
        self.run_ns = 0
        self.agree, self.begin_pass, self.end_pass = exchange.agree, exchange.begin_pass, exchange.end_pass

    def run(
        self, layer: int, x_TD: Tensor, experts_TK: Tensor, weights_TK: Tensor, rows: Sequence[int] | None = None
    ) -> Tensor:
        started_ns = self._clock.now_ns()
        y_TD = self._exchange.run(layer, x_TD, experts_TK, weights_TK, rows)
        self.run_ns += self._clock.now_ns() - started_ns
        return y_TD


class Local:
    """Experts in this process. `calls` counts as if it were one shard."""

    def __init__(self, bank: ExpertBank) -> None:
        self._bank = bank
        self._calls = 0

    def agree(self, more: bool) -> bool:
        return more

    def begin_pass(self, tick: int, pass_index: int, beat: Callable[[], None]) -> None:
        self._calls = 0

    def run(
        self, layer: int, x_TD: Tensor, experts_TK: Tensor, weights_TK: Tensor, rows: Sequence[int] | None = None
    ) -> Tensor:
        pairs = Pairs.sort(experts_TK)
        rows_RD = self._bank.forward(layer, pairs.experts, x_TD[pairs.tokens])
        self._calls += 1
        return pairs.combine(rows_RD, weights_TK)

    def end_pass(self) -> PassReport:
        return PassReport(expert_calls=self._calls, shards_used=self._calls)
