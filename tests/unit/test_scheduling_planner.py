"""What a tick grants: the mandatory part always, the optional part while its predicted cost fits."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.scheduling.cost import CostModel, Running
from cluster.scheduling.planner import Budget, plan
from cluster.types import Demand

MS = 1_000_000
BUDGET = Budget(engine_ns=100 * MS, tick_ns=150 * MS, passes_max=5, chunk=16)
COST = CostModel(initial_ns=0)


def measured(ns_per_row: int, fixed_ns: int = 0, sessions: int = 64) -> CostModel:
    """An engine whose pass costs a fixed part and so much a row."""
    cost = CostModel(initial_ns=0)
    for num_sessions in (1, 2, 4, 8, 16, 32, 64):
        for rows in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512):
            for _ in range(8):
                cost.observe(sessions=num_sessions, rows=rows, passes=[1], engine_ns=fixed_ns + rows * ns_per_row)
    return cost


def live(session: str, **fields: object) -> Demand:
    return Demand(session=session, turns=1, rows=3, **fields)  # type: ignore[arg-type]  # fields by name


def test_an_engine_with_room_gives_everybody_all_passes() -> None:
    grants = plan([live("a"), live("b")], BUDGET, measured(100_000))
    assert {grant.passes for grant in grants.values()} == {5}


def test_everybody_keeps_the_first_pass_however_slow_the_engine_is() -> None:
    grants = plan([live(str(i)) for i in range(32)], BUDGET, measured(50 * MS))
    assert {grant.passes for grant in grants.values()} == {1}


def test_passes_are_the_same_for_all_who_speak() -> None:
    grants = plan([live(str(i)) for i in range(16)], BUDGET, measured(MS, fixed_ns=10 * MS))
    assert {grant.passes for grant in grants.values()} == {2}


def test_an_anchor_waits_until_it_must_be_made_and_is_then_made_at_an_even_pace() -> None:
    def granted(prefill_turns: int, ticks_left: int) -> int:
        demand = live("a", prefill_turns=prefill_turns, ticks_left=ticks_left)
        return plan([demand], BUDGET, measured(1_000))["a"].prefill_turns

    assert granted(80, 30) == 0
    assert granted(80, 14) == 9  # 80 and the 6 that are added, 4 ticks early
    assert granted(42, 9) == 9


def test_where_a_tick_has_no_room_anchors_wait_for_live_micro_turns_as_long_as_they_can() -> None:
    slow = measured(MS)
    anchors = [live(str(i), prefill_turns=80, ticks_left=10, ticks_most=90, begun=i < 2) for i in range(6)]
    grants = plan(anchors, BUDGET, slow)
    assert [grants[str(i)].prefill_turns for i in range(6)] == [16, 0, 0, 0, 0, 0]
    urgent = [live(str(i), prefill_turns=80, ticks_left=1, ticks_most=8) for i in range(6)]
    assert sum(grant.prefill_turns for grant in plan(urgent, BUDGET, slow).values()) == 65  # of 80 and 6 more, each


def test_a_blocked_session_is_served_before_others_get_more_passes() -> None:
    blocked = Demand(session="b", prefill_turns=40, rows_per_turn=4, blocked=True)
    anchor = live("a", prefill_turns=40, ticks_left=9)
    grants = plan([anchor, blocked], BUDGET, measured(MS))
    assert grants["b"].prefill_turns == 16
    assert grants["a"].prefill_turns == 9
    assert grants["a"].passes < 5


def test_where_two_anchors_compete_the_more_urgent_and_the_better_tier_come_first() -> None:
    def two(**fields: object) -> tuple[int, int]:
        first = live("a", prefill_turns=80, ticks_left=16, tier="standard")
        second = live("b", prefill_turns=80, **{"ticks_left": 16, **fields})
        grants = plan([first, second], BUDGET, measured(1_000))
        return grants["a"].prefill_turns, grants["b"].prefill_turns

    assert two(ticks_left=12)[1] > two(ticks_left=12)[0]
    assert two(tier="priority")[1] > two(tier="priority")[0]
    assert two(tier="best_effort")[0] > two(tier="best_effort")[1]


DEMANDS = st.lists(
    st.builds(
        Demand,
        session=st.uuids().map(str),
        tier=st.sampled_from(["priority", "standard", "best_effort"]),
        turns=st.integers(0, 3),
        rows=st.integers(0, 30),
        prefill_turns=st.integers(0, 200),
        rows_per_turn=st.integers(1, 16),
        blocked=st.booleans(),
        begun=st.booleans(),
        ticks_left=st.integers(1, 40),
        ticks_most=st.integers(40, 120),
    ),
    max_size=12,
    unique_by=lambda demand: demand.session,
)


@settings(deadline=None)
@given(DEMANDS, st.integers(0, 3_000_000))
def test_a_plan_is_within_bounds_and_does_not_depend_on_the_order_of_sessions(
    demands: list[Demand], ns_per_row: int
) -> None:
    cost = CostModel(initial_ns=10 * MS)
    for _ in range(8):
        cost.observe(sessions=4, rows=12, passes=[1, 3], engine_ns=12 * ns_per_row)
    grants = plan(demands, BUDGET, cost)
    assert grants == plan(demands[::-1], BUDGET, cost)
    for demand in demands:
        grant = grants[demand.session]
        assert 1 <= grant.passes <= BUDGET.passes_max
        assert grant.prefill_turns <= min(demand.prefill_turns, BUDGET.chunk)
        assert grant.prefill_turns > 0 or not demand.blocked or not demand.prefill_turns
    late = [demand for demand in demands if demand.prefill_turns and not demand.blocked and demand.ticks_left == 1]
    assert not late or any(grants[demand.session].prefill_turns for demand in late)


def test_running_percentiles_follow_the_newest_samples() -> None:
    seen = Running()
    for value in range(1_000, 0, -1):
        seen.add(value)
    assert len(seen) == 128
    assert (seen.at(99), seen.at(50)) == (127, 64)


def test_one_stall_of_the_machine_cuts_nobody_short() -> None:
    cost = CostModel(initial_ns=0)
    for engine_ns in [5 * MS] * 30 + [180 * MS]:
        cost.observe(sessions=1, rows=3, passes=[1], engine_ns=engine_ns)
    assert cost.predict(sessions=1, rows=3) == 180 * MS
    assert plan([live("a")], BUDGET, cost)["a"].passes == BUDGET.passes_max


def test_what_was_not_measured_is_scaled_from_what_was() -> None:
    cost = CostModel(initial_ns=7)
    assert cost.predict(sessions=2, rows=8) == 7
    for _ in range(8):
        cost.observe(sessions=2, rows=8, passes=[1, 1], engine_ns=1_000)
    assert cost.predict(sessions=2, rows=8) == 1_000
    assert cost.predict(sessions=1, rows=3) == 1_000
    assert 1_000 < cost.predict(sessions=16, rows=64) <= 8_000
    assert cost.predict(sessions=0, rows=0) == 0


def test_a_step_of_several_passes_is_split_by_their_rows() -> None:
    cost = CostModel(initial_ns=0)
    for _ in range(8):
        cost.observe(sessions=4, rows=16, passes=[3, 1, 1, 2], engine_ns=69_000)
    assert cost.predict(sessions=4, rows=16) == 69_000 * 80 // (80 + 66 + 65)
    assert cost.predict(sessions=1, rows=1) == 69_000 * 65 // (80 + 66 + 65)


def test_one_slow_step_in_five_does_not_cut_answers_off_after_their_first_word() -> None:
    cost, usual_ns = CostModel(initial_ns=MS), BUDGET.engine_ns // 3
    for index in range(40):
        cost.observe(sessions=1, rows=3, passes=[1], engine_ns=usual_ns * (1 if index % 5 else 6))
    assert plan([live("a")], BUDGET, cost)["a"].passes == 2
