"""The `Grpc` exchange: expert shards behind a transport, re-issued inside the tick when one does not answer.

Legend: T tokens, K experts per token, R rows = (token, expert) pairs, D model width.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass

import torch
from torch import Tensor

from cluster.clock import Clock
from cluster.errors import ExpertRefused, ExpertUnavailable
from cluster.model.dispatch import Pairs, PassReport
from cluster.model.frames import from_frame, to_frame
from cluster.model.latency import CallDeadline
from cluster.model.placement import routes
from cluster.types import ExpertCall, ExpertTransport, Placement, TensorFrame

_BEAT_S = 0.02


@dataclass(slots=True)
class _Call:
    shard: int
    attempt: int
    rows: Tensor  # places among the pairs
    experts: tuple[int, ...]
    future: Future[TensorFrame]
    sent_ns: int
    deadline_ns: int


class Remote:
    """Sends each expert's rows to one healthy shard that holds it and waits for all shards at once.

    A call that misses its deadline or fails marks its shard suspect and is sent again to replicas. Experts without a
    healthy replica are dropped: the token's other weights are renormalised and its row is reported degraded.
    """

    def __init__(self, transport: ExpertTransport, placement: Placement, clock: Clock) -> None:
        self._transport, self._clock = transport, clock
        self.placement = placement
        self._deadline = CallDeadline()
        self._beat: Callable[[], None] = lambda: None
        self._tick = self._pass_index = self._calls = self._reissued = 0
        self._degraded: set[int] = set()

    def agree(self, more: bool) -> bool:
        return more

    def begin_pass(self, tick: int, pass_index: int, beat: Callable[[], None]) -> None:
        self._tick, self._pass_index, self._beat = tick, pass_index, beat
        self._calls = self._reissued = 0
        self._degraded = set()

    def end_pass(self) -> PassReport:
        return PassReport(
            expert_calls=self._calls, reissued_calls=self._reissued, degraded_rows=frozenset(self._degraded)
        )

    def run(self, layer: int, x_TD: Tensor, experts_TK: Tensor, weights_TK: Tensor) -> Tensor:
        pairs = Pairs.sort(experts_TK)
        rows_RD = x_TD[pairs.tokens]
        out_RD = torch.zeros_like(rows_RD)
        everything = torch.arange(len(pairs.experts))
        calls, dropped = self._send(layer, 0, everything, pairs.experts, rows_RD, frozenset())
        self._calls += len(calls)
        failed: set[int] = set()
        while calls:
            missed = []
            for call in calls:
                answer = self._receive(call)
                if answer is None:
                    failed.add(call.shard)
                    missed.append(call)
                else:
                    out_RD[call.rows] = answer
            calls = []
            for call in missed:
                again, lost = self._send(
                    layer, call.attempt + 1, call.rows, list(call.experts), rows_RD, frozenset(failed)
                )
                self._reissued += len(again)
                calls += again
                dropped += lost
        if dropped:
            weights_TK = self._without(dropped, pairs, weights_TK)
        return pairs.combine(out_RD, weights_TK)

    def _send(
        self, layer: int, attempt: int, places: Tensor, experts: list[int], rows_RD: Tensor, failed: frozenset[int]
    ) -> tuple[list[_Call], list[int]]:
        """One call per shard; also the places of rows that no healthy shard can take. `experts` belong to `places`."""
        route = routes(self.placement, self._transport.healthy() - failed)
        by_shard: dict[int, list[int]] = {}
        dropped: list[int] = []
        for i, expert in enumerate(experts):
            shard = route[expert]
            if shard is None:
                dropped.append(int(places[i]))
            else:
                by_shard.setdefault(shard, []).append(i)
        return [
            self._call(layer, attempt, shard, places[chosen], tuple(experts[i] for i in chosen), rows_RD)
            for shard, chosen in by_shard.items()
        ], dropped

    def _call(
        self, layer: int, attempt: int, shard: int, places: Tensor, experts: tuple[int, ...], rows_RD: Tensor
    ) -> _Call:
        call = ExpertCall(
            placement_epoch=self.placement.epoch,
            tick=self._tick,
            pass_index=self._pass_index,
            layer=layer,
            attempt=attempt,
            experts=experts,
            rows=to_frame(rows_RD[places]),
        )
        sent_ns = self._clock.now_ns()
        deadline_ns = sent_ns + self._deadline.limit_ns(len(experts))
        future = self._transport.call(shard, call, deadline_ns)
        return _Call(shard, attempt, places, experts, future, sent_ns, deadline_ns)

    def _receive(self, call: _Call) -> Tensor | None:
        """The answer, or None if another shard must be asked; the shard is reported suspect unless it answered."""
        while not call.future.done() and (left_ns := call.deadline_ns - self._clock.now_ns()) > 0:
            wait((call.future,), timeout=min(_BEAT_S, left_ns / 1e9))
            self._beat()
        try:
            answer = from_frame(call.future.result(timeout=0))
        except ExpertRefused:
            return None
        except (ExpertUnavailable, TimeoutError):
            self._transport.suspect(call.shard)
            return None
        self._deadline.record(self._clock.now_ns() - call.sent_ns, len(call.experts))
        return answer

    def _without(self, dropped: list[int], pairs: Pairs, weights_TK: Tensor) -> Tensor:
        """Weights with the dropped pairs at zero and the others of the same token scaled to the same sum."""
        lost_R = torch.zeros(len(pairs.experts), dtype=torch.bool)
        lost_R[dropped] = True
        lost_TK = lost_R[pairs.place]
        self._degraded |= set(lost_TK.any(dim=1).nonzero().flatten().tolist())
        kept_TK = weights_TK.masked_fill(lost_TK, 0.0)
        scale_T1 = weights_TK.sum(dim=1, keepdim=True) / kept_TK.sum(dim=1, keepdim=True)
        return (kept_TK * scale_T1).nan_to_num_(nan=0.0)  # a token that lost all its experts passes by unchanged
