"""Who may do what in a tick: the mandatory part for all, the optional part while its predicted cost fits.

Mandatory: every micro-turn that is ready enters, with one pass; a session that stands still for want of its context
gets a whole chunk of it; anchors advance so far that each is done in time. Optional: further passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cluster.scheduling.cost import CostModel
from cluster.types import Demand

_SPARE_TICKS = 4  # before its window is full an anchor should be done
_TIERS = {"priority": 0, "standard": 1, "best_effort": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    session: str
    passes: int
    prefill_turns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """engine_ns: what the step may take. chunk: micro-turns of one context a tick may carry."""

    engine_ns: int
    passes_max: int
    chunk: int


def plan(demands: Sequence[Demand], budget: Budget, cost: CostModel) -> dict[str, Grant]:
    """Grants by session. Equal demands give equal grants, whatever their order."""
    prefill = _paced(demands, budget)
    grants = {
        demand.session: Grant(session=demand.session, passes=1, prefill_turns=prefill.get(demand.session, 0))
        for demand in demands
    }
    rows = sum(demand.rows for demand in demands) + sum(
        grants[demand.session].prefill_turns * demand.rows_per_turn for demand in demands
    )
    sessions = len(demands)
    speaking = [demand for demand in demands if demand.turns]
    passes = _passes(len(speaking), rows, sessions, budget, cost)
    for demand in speaking:
        grants[demand.session] = replace(grants[demand.session], passes=passes)
    return grants


def _paced(demands: Sequence[Demand], budget: Budget) -> dict[str, int]:
    """Micro-turns of prefill by session: the fewest a tick, the same tick after tick, that finish every anchor in time.

    They go to the most urgent anchor first and the others wait, so that a tick costs the same whether one anchor is in
    the making or many. A session that stands still waits for nobody.
    """
    anchors = sorted((d for d in demands if d.prefill_turns and not d.blocked), key=_deadline)
    left = total = 0
    for demand in anchors:
        ticks = max(demand.ticks_left - _SPARE_TICKS, 1)
        # every live micro-turn adds one until it is done
        total += min(demand.prefill_turns + ticks, budget.chunk * demand.ticks_left)
        left = max(left, -(-total // ticks))
    paced = {d.session: min(d.prefill_turns, budget.chunk) for d in demands if d.blocked}
    for demand in anchors:
        paced[demand.session] = min(left, demand.prefill_turns, budget.chunk)
        left -= paced[demand.session]
    return paced


def _deadline(demand: Demand) -> tuple[int, int, str]:
    return demand.ticks_left, _TIERS[demand.tier], demand.session


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
