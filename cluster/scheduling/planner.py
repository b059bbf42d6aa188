"""Who may do what in a tick: the mandatory part for all, the optional part while its predicted cost fits.

Mandatory: every micro-turn that is ready enters, with one pass; a context in the making advances so far that it is done
in time. Optional, in this order: contexts without which a session stands still, further passes, further anchor chunks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cluster.scheduling.cost import CostModel
from cluster.types import Demand

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
    grants = {
        demand.session: Grant(session=demand.session, passes=1, prefill_turns=_mandatory(demand, budget))
        for demand in demands
    }
    rows = sum(demand.rows for demand in demands) + sum(
        grants[demand.session].prefill_turns * demand.rows_per_turn for demand in demands
    )
    sessions = len(demands)
    rows = _more_prefill([demand for demand in demands if demand.blocked], grants, rows, sessions, budget, cost)
    speaking = [demand for demand in demands if demand.turns]
    passes = _passes(len(speaking), rows, sessions, budget, cost)
    for demand in speaking:
        grants[demand.session] = replace(grants[demand.session], passes=passes)
    left = replace(budget, engine_ns=budget.engine_ns - _extra_passes_ns(len(speaking), passes, cost))
    _more_prefill([demand for demand in demands if not demand.blocked], grants, rows, sessions, left, cost)
    return grants


def _mandatory(demand: Demand, budget: Budget) -> int:
    """At least two a tick: one is added by every live micro-turn."""
    if not demand.prefill_turns:
        return 0
    pace = max(2, -(-demand.prefill_turns // max(demand.ticks_left, 1)))
    return min(pace, demand.prefill_turns, budget.chunk)


def _more_prefill(
    demands: Sequence[Demand],
    grants: dict[str, Grant],
    rows: int,
    sessions: int,
    budget: Budget,
    cost: CostModel,
) -> int:
    """Raise prefill to a whole chunk for the most urgent, as far as it fits. Returns the rows planned then."""
    for demand in sorted(demands, key=_urgency):
        grant = grants[demand.session]
        added = min(demand.prefill_turns, budget.chunk) - grant.prefill_turns
        more = rows + added * demand.rows_per_turn
        if added > 0 and cost.predict(sessions=sessions, rows=more) <= budget.engine_ns:
            grants[demand.session] = replace(grant, prefill_turns=grant.prefill_turns + added)
            rows = more
    return rows


def _urgency(demand: Demand) -> tuple[int, int, str]:
    return _TIERS[demand.tier], demand.ticks_left, demand.session


def _passes(speaking: int, rows: int, sessions: int, budget: Budget, cost: CostModel) -> int:
    """As many for all as fit if everybody speaks; the same for all, so that nobody is cut short for another.

    By what passes usually cost, not by their worst: a word cut off is lost, while one slow pass in a hundred is one
    late micro-turn, and the sum of worst cases hardly ever comes.
    """
    first_ns = cost.predict(sessions=sessions, rows=rows, percent=90)
    for passes in range(budget.passes_max, 1, -1):
        if first_ns + _extra_passes_ns(speaking, passes, cost) <= budget.engine_ns:
            return passes
    return 1


def _extra_passes_ns(speaking: int, passes: int, cost: CostModel) -> int:
    return (passes - 1) * cost.predict(sessions=speaking, rows=speaking, percent=50)
