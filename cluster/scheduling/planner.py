"""Who may do what in a tick: the mandatory part for all, the optional part while its predicted cost fits.

Mandatory: every micro-turn that is ready enters, with one pass; a session that stands still for want of its context
gets a whole chunk of it; anchors advance so far that each is done in time. Optional: further passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cluster.scheduling.anchors import pace
from cluster.scheduling.cost import CostModel
from cluster.types import Demand


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    session: str
    passes: int
    prefill_turns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """engine_ns: what the step may take for its results to be in time; tick_ns: for the next tick to begin in time.

    chunk: micro-turns of one context a tick may carry.
    """

    engine_ns: int
    tick_ns: int
    passes_max: int
    chunk: int


def plan(demands: Sequence[Demand], budget: Budget, cost: CostModel) -> dict[str, Grant]:
    """Grants by session. Equal demands give equal grants, whatever their order."""
    prefill = {d.session: min(d.prefill_turns, budget.chunk) for d in demands if d.blocked}
    live, sessions = _rows(demands, prefill), len(demands)
    per_turn = max((demand.rows_per_turn for demand in demands), default=1)

    def fits(turns: int) -> bool:
        return cost.predict(sessions=sessions, rows=live + turns * per_turn, percent=50) <= budget.tick_ns

    prefill |= pace(demands, budget.chunk, fits)
    grants = {
        demand.session: Grant(session=demand.session, passes=1, prefill_turns=prefill.get(demand.session, 0))
        for demand in demands
    }
    rows = _rows(demands, prefill)
    speaking = [demand for demand in demands if demand.turns]
    passes = _passes(len(speaking), rows, sessions, budget, cost)
    for demand in speaking:
        grants[demand.session] = replace(grants[demand.session], passes=passes)
    return grants


def _rows(demands: Sequence[Demand], prefill: dict[str, int]) -> int:
    return sum(demand.rows + prefill.get(demand.session, 0) * demand.rows_per_turn for demand in demands)


def _passes(speaking: int, rows: int, sessions: int, budget: Budget, cost: CostModel) -> int:
    """As many for all as fit if everybody speaks; the same for all, so that nobody is cut short for another.

    By what passes usually cost, not by their worst: a word cut off is lost, while one slow pass in a hundred is one
    late micro-turn, and the sum of worst cases hardly ever comes. A second pass, the second word of most answers, is
    withheld only where a usual tick has no room for it.
    """
    first_ns = cost.predict(sessions=sessions, rows=rows, percent=90)
    for passes in range(budget.passes_max, 2, -1):
        if first_ns + _extra_passes_ns(speaking, passes, cost) <= budget.engine_ns:
            return passes
    usual_ns = cost.predict(sessions=sessions, rows=rows, percent=50) + _extra_passes_ns(speaking, 2, cost)
    return min(2, budget.passes_max) if usual_ns <= budget.engine_ns else 1


def _extra_passes_ns(speaking: int, passes: int, cost: CostModel) -> int:
    return (passes - 1) * cost.predict(sessions=speaking, rows=speaking, percent=50)
