"""The `Grpc` exchange: expert shards behind a transport, re-issued inside the tick when one does not answer.

Legend: T tokens, K experts per token, R rows = (token, expert) pairs, D model width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor

from cluster.clock import Clock
from cluster.errors import ExpertRefused, ExpertUnavailable
from cluster.model.dispatch import Pairs, PassReport
from cluster.model.frames import from_frame, to_frame
from cluster.model.latency import CallDeadline
from cluster.model.placement import routes, together
from cluster.types import ExpertCall, ExpertTransport, Placement, TensorFrame

# Up to here a second shard costs more in wake-ups than it saves in arithmetic (measured: two cores, 1 to 256 tokens).
FEW_ROWS = 512
LAST_RESORT_NS = 150_000_000  # beyond the due time, within the tick
_BEAT_NS = 20_000_000
_OVERSLEPT_NS = 5_000_000


@dataclass(slots=True)
class _Call:
    shard: int
    places: list[int]  # among the pairs of the layer
    future: Future[TensorFrame]
    sent_ns: int
    limit_ns: int


class Remote:
    """Sends each expert's rows to one healthy shard that holds it and waits for all shards at once.

    Few rows go to one shard together, where one holds all their experts; tick and layer take turns among such shards.

    Rows of a call that fails or misses its deadline go to replicas, and the shard is suspect until the transport finds
    it well. Rows that nobody well holds wait for a late or suspect shard all the same, once in a tick: slow is better
    than lost. Then the expert is dropped, the token's other weights are scaled up in its place and the token's row is
    reported degraded.
    """

    def __init__(
        self,
        transport: ExpertTransport,
        placement: Placement,
        clock: Clock,
        *,
        few_rows: int = FEW_ROWS,
        last_resort_ns: int = LAST_RESORT_NS,
    ) -> None:
        self._transport, self._clock, self._few_rows = transport, clock, few_rows
        self._last_resort_ns = last_resort_ns
        self.placement = placement
        self._deadline = CallDeadline()
        self._beat: Callable[[], None] = lambda: None
        self._tick = self._pass_index = self._calls = self._used = self._reissued = 0
        self._degraded: set[int] = set()
        self._given_up: set[int] = set()  # shards that were hoped for in vain in this tick

    def agree(self, more: bool) -> bool:
        return more

    def begin_pass(self, tick: int, pass_index: int, beat: Callable[[], None]) -> None:
        if tick != self._tick:
            self._given_up = set()
        self._tick, self._pass_index, self._beat = tick, pass_index, beat
        self._calls = self._used = self._reissued = 0
        self._degraded = set()

    def end_pass(self) -> PassReport:
        return PassReport(
            expert_calls=self._calls,
            shards_used=self._used,
            reissued_calls=self._reissued,
            degraded_rows=frozenset(self._degraded),
        )

    def run(
        self, layer: int, x_TD: Tensor, experts_TK: Tensor, weights_TK: Tensor, rows: Sequence[int] | None = None
    ) -> Tensor:
        pairs = Pairs.sort(experts_TK)
        rows_RD = x_TD[pairs.tokens]
        out_RD = torch.zeros_like(rows_RD)
        unserved, failed, late, attempt = list(range(len(pairs.experts))), set[int](), list[_Call](), 0
        while True:
            route = self._route(layer, [pairs.experts[place] for place in unserved], failed)
            if not attempt:  # of who has rows, not of who is called: whether the two agree can then be seen
                self._used += len({route[expert] for expert in set(pairs.experts)} - {None})
            calls = self._send(layer, attempt, unserved, pairs.experts, route, rows_RD)
            self._calls += 0 if attempt else len(calls)
            self._reissued += len(calls) if attempt else 0
            if not calls:
                break
            missed = [call for call in calls if not self._receive(call, call.sent_ns + call.limit_ns, out_RD)]
            failed |= {call.shard for call in missed}
            late += [call for call in missed if not call.future.done()]
            unserved = _without_route(unserved, pairs.experts, route) + [row for call in missed for row in call.places]
            attempt += 1
        if unserved:
            lost = self._last_resort(layer, attempt, unserved, late, failed, pairs.experts, rows_RD, out_RD)
            weights_TK, degraded = _dropped(lost, pairs, weights_TK)
            self._degraded.update(degraded if rows is None else (rows[row] for row in degraded))
        return pairs.combine(out_RD, weights_TK)

    def _last_resort(
        self,
        layer: int,
        attempt: int,
        unserved: list[int],
        late: list[_Call],
        failed: set[int],
        experts_R: list[int],
        rows_RD: Tensor,
        out_RD: Tensor,
    ) -> set[int]:
        """Nobody well holds these places: wait for who is late and ask who is suspect. Returns the places lost."""
        deadline_ns = self._clock.now_ns() + self._last_resort_ns
        lost, waiting, failed = set(unserved), late, set(failed)
        while True:
            asked = {place for call in waiting for place in call.places}
            hopes = frozenset(range(self.placement.num_shards())) - failed - self._given_up
            rest = sorted(lost - asked)
            calls = self._send(layer, attempt, rest, experts_R, routes(self.placement, hopes), rows_RD)
            self._reissued += len(calls)
            waiting = waiting + calls
            if not waiting:
                break
            for call in waiting:
                if self._receive(call, deadline_ns, out_RD):
                    failed.discard(call.shard)
                    lost.difference_update(call.places)
                else:
                    failed.add(call.shard)
            waiting = []
        self._given_up |= failed
        return lost

    def _route(self, layer: int, experts: list[int], failed: set[int]) -> tuple[int | None, ...]:
        """The shard of each expert, for rows that need `experts`."""
        healthy = self._transport.healthy() - failed
        if len(experts) <= self._few_rows:
            one = together(self.placement, healthy, frozenset(experts), self._tick + layer)
            if one is not None:
                return (one,) * len(self.placement.replicas)
        return routes(self.placement, healthy)

    def _send(
        self,
        layer: int,
        attempt: int,
        places: Iterable[int],
        experts_R: list[int],
        route_E: tuple[int | None, ...],
        rows_RD: Tensor,
    ) -> list[_Call]:
        """One call per shard that is given rows; places without a route are left out."""
        by_shard: dict[int, list[int]] = {}
        for place in places:
            shard = route_E[experts_R[place]]
            if shard is not None:
                by_shard.setdefault(shard, []).append(place)
        calls = []
        for shard, mine in by_shard.items():
            mine.sort()
            all_of_them = len(mine) == len(experts_R)
            message = ExpertCall(
                placement_epoch=self.placement.epoch,
                tick=self._tick,
                pass_index=self._pass_index,
                layer=layer,
                attempt=attempt,
                experts=tuple(experts_R[place] for place in mine),
                rows=to_frame(rows_RD if all_of_them else rows_RD[mine]),
            )
            sent_ns, limit_ns = self._clock.now_ns(), self._deadline.limit_ns(len(mine))
            # the transport keeps the call longer: a late answer can still save a row that nobody else holds
            future = self._transport.call(shard, message, sent_ns + limit_ns + self._last_resort_ns + _BEAT_NS)
            calls.append(_Call(shard, mine, future, sent_ns, limit_ns))
        return calls

    def _receive(self, call: _Call, deadline_ns: int, out_RD: Tensor) -> bool:
        """Put the answer in its places. False if there is none by the deadline; the shard is then suspect."""
        self._wait(call.future, deadline_ns)
        try:
            answer = from_frame(call.future.result(timeout=0))
        except ExpertRefused:
            return False
        except (ExpertUnavailable, TimeoutError):
            self._transport.suspect(call.shard)
            return False
        self._deadline.record(self._clock.now_ns() - call.sent_ns, len(call.places))
        if len(call.places) == len(out_RD):
            out_RD.copy_(answer)
        else:
            out_RD[call.places] = answer
        return True

    def _wait(self, future: Future[TensorFrame], deadline_ns: int) -> None:
        now_ns = self._clock.now_ns()
        while not future.done() and now_ns < deadline_ns:
            pause_ns = min(_BEAT_NS, deadline_ns - now_ns)
            with suppress(TimeoutError):
                future.exception(timeout=pause_ns / 1e9)
            self._beat()
            woke_ns = self._clock.now_ns()
            overslept_ns = woke_ns - now_ns - pause_ns
            if overslept_ns > _OVERSLEPT_NS:  # who was not scheduled himself cannot blame the shard
                deadline_ns += overslept_ns
            now_ns = woke_ns


def _dropped(lost: set[int], pairs: Pairs, weights_TK: Tensor) -> tuple[Tensor, list[int]]:
    """Weights with the lost pairs at zero and the others of the same token scaled to the same sum; the tokens hit."""
    if not lost:
        return weights_TK, []
    lost_R = torch.zeros(len(pairs.experts), dtype=torch.bool)
    lost_R[sorted(lost)] = True
    lost_TK = lost_R[pairs.place]
    kept_TK = weights_TK.masked_fill(lost_TK, 0.0)
    kept_T1 = kept_TK.sum(dim=1, keepdim=True)
    # a token that lost all its experts passes the layer unchanged
    scaled_TK = torch.where(kept_T1 > 0, kept_TK * (weights_TK.sum(dim=1, keepdim=True) / kept_T1), kept_TK)
    return scaled_TK, lost_TK.any(dim=1).nonzero().flatten().tolist()


def _without_route(places: list[int], experts_R: list[int], route_E: tuple[int | None, ...]) -> list[int]:
    return [place for place in places if route_E[experts_R[place]] is None]
