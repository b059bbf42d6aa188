"""An engine that is given more than it can do: planner, cost model and tick clock against a simple one."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from cluster.scheduling.cost import CostModel
from cluster.scheduling.planner import Budget, Grant, plan
from cluster.scheduling.ticker import Ticker
from cluster.types import MAX_COALESCED, Demand

MS = 1_000_000
WINDOW, FROM, MOST = 160, 100, 240
BUDGET = Budget(engine_ns=112 * MS, tick_ns=150 * MS, passes_max=5, chunk=16)


@dataclass(slots=True)
class Talk:
    """A session as the planner sees it. left: of its anchor; 0: none is in the making."""

    born: int
    tail: int = 0
    left: int = 0
    kept: int = 0
    entered: int = 0

    def waiting(self, n: int) -> int:
        return n - self.born - self.entered

    def demand(self, name: str, n: int) -> Demand:
        turns = min(self.waiting(n), MAX_COALESCED)
        could = self._keeps() if self.tail >= FROM else 0
        return Demand(
            session=name,
            turns=turns,
            rows=3 * turns,
            prefill_turns=self.left or could,
            begun=not could or self.left > 0,
            ticks_left=max(1, (WINDOW - self.tail) // max(1, turns)),
            ticks_most=max(1, (MOST - self.tail) // max(1, turns)),
        )

    def step(self, grant: Grant, turns: int) -> None:
        if not self.left and grant.prefill_turns:
            self.left = self.kept = self._keeps()
        if self.left:
            self.left -= grant.prefill_turns
            self.tail = self.tail if self.left else self.kept
        self.tail, self.kept, self.left = self.tail + turns, self.kept + turns, self.left + turns * (self.left > 0)
        self.entered += turns

    def _keeps(self) -> int:
        return WINDOW // (2 if self.tail <= WINDOW else 4)


@dataclass(slots=True)
class Run:
    behind: list[int] = field(default_factory=list)  # the longest queue of a session, tick by tick
    tails: list[int] = field(default_factory=list)
    prefilled: list[int] = field(default_factory=list)
    skipped: int = 0


def run(sessions: int, *, pass_us: int, session_us: int, row_us: int, ticks: int = 900, phase: int = 1) -> Run:
    """phase: ticks between the beginnings of two sessions."""
    talks = {str(i): Talk(born=phase * i) for i in range(sessions)}
    cost, ticker, found, n = CostModel(initial_ns=15 * MS), Ticker(zero_ns=0), Run(), 0
    while n < ticks:
        demands = [talk.demand(name, n) for name, talk in talks.items() if talk.waiting(n) > 0]
        grants = plan(demands, BUDGET, cost)
        prefill = sum(grant.prefill_turns for grant in grants.values())
        rows = sum(demand.rows for demand in demands) + prefill * 4
        passes = [min(grant.passes, 2) for grant in grants.values()]  # somebody always speaks
        later = sum(1 for grant in passes if grant > 1)
        engine_ns = 1_000 * (pass_us + len(demands) * session_us + rows * row_us)
        engine_ns += 1_000 * (pass_us + later * (session_us + row_us)) if later else 0
        cost.observe(sessions=len(demands), rows=rows, passes=passes, engine_ns=engine_ns)
        for demand in demands:
            talks[demand.session].step(grants[demand.session], demand.turns)
        found.behind.append(max(talk.waiting(n) for talk in talks.values()))
        found.tails.append(max(talk.tail for talk in talks.values()))
        found.prefilled.append(prefill)
        n, skipped = ticker.after(n, ticker.start_ns(n) + engine_ns + 10 * MS)
        found.skipped += skipped
    return found


@pytest.mark.parametrize(("sessions", "phase"), [(1, 0), (4, 7), (16, 0), (16, 1), (16, 5), (32, 2)])
def test_an_engine_with_room_makes_every_anchor_in_its_window_and_every_tick_costs_the_same(
    sessions: int, phase: int
) -> None:
    found = run(sessions, pass_us=8_000, session_us=600, row_us=100, phase=phase)
    assert found.skipped == 0
    assert max(found.tails) <= WINDOW
    steady = found.prefilled[400:]
    assert sum(steady) / len(steady) <= 1.65 * sessions  # for every live micro-turn
    assert max(steady) <= sum(steady) / len(steady) + 8


@pytest.mark.parametrize(("sessions", "phase"), [(24, 1), (32, 0), (32, 1), (48, 1)])
def test_an_overloaded_engine_falls_behind_by_a_bounded_number_of_micro_turns(sessions: int, phase: int) -> None:
    found = run(sessions, pass_us=20_000, session_us=1_500, row_us=700, phase=phase)
    assert max(found.behind) <= 2 * MAX_COALESCED
    assert max(found.tails) <= MOST + MAX_COALESCED
