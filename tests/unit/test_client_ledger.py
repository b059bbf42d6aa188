"""The client's own judgement of punctuality."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.client.ledger import Ledger, Percentiles
from counterpoint.client.timeline import MS, Timeline
from counterpoint.v1.interaction_pb2 import (
    TIMING_COALESCED,
    TIMING_LATE,
    TIMING_ON_TIME,
    TIMING_SKIPPED,
    Degraded,
    Granted,
    MicroTurnDone,
    Timing,
)

ZERO = 5_000 * MS
TIMELINE = Timeline(zero_ns=ZERO, period_ms=200, jitter_ms=30, due_after_ms=160, shared_clock=True)


def done(k: int, timing: Timing = TIMING_ON_TIME) -> MicroTurnDone:
    return MicroTurnDone(k=k, timing=timing)


def test_a_micro_turn_is_due_d_after_the_cutoff_that_lies_j_after_its_end() -> None:
    assert TIMELINE.cutoff_ns(0) == ZERO + 230 * MS
    assert TIMELINE.due_ns(0) == ZERO + 390 * MS
    assert TIMELINE.output_ms(3) == 200 * 4 + 30 + 160
    assert [TIMELINE.last_due(ZERO + ms * MS) for ms in (389, 390, 589, 590)] == [-1, 0, 0, 1]


def test_the_server_clock_is_taken_only_where_both_surely_share_it() -> None:
    granted = Granted(micro_turn_ms=200, jitter_ms=30, due_ms=160, starts_in_ms=400, media_clock_ns=1_390 * MS)
    assert Timeline.of(granted, received_ns=1_000 * MS, same_host=True).zero_ns == 1_390 * MS
    assert Timeline.of(granted, received_ns=1_000 * MS, same_host=False).zero_ns == 1_400 * MS
    elsewhere = Timeline.of(granted, received_ns=90_000 * MS, same_host=True)
    assert (elsewhere.zero_ns, elsewhere.shared_clock) == (90_400 * MS, False)


def test_the_clients_stamp_decides_and_not_the_word_of_the_server() -> None:
    ledger = Ledger(TIMELINE)
    assert ledger.receive(done(0), TIMELINE.due_ns(0)).missed is False
    assert ledger.receive(done(1), TIMELINE.due_ns(1) + 1).missed is True
    assert ledger.receive(done(2, TIMING_LATE), TIMELINE.due_ns(2) - 1).missed is False


@pytest.mark.parametrize("timing", [TIMING_SKIPPED, TIMING_COALESCED])
def test_what_did_not_run_is_missed_however_early_it_was_said(timing: Timing) -> None:
    ledger = Ledger(TIMELINE)
    assert ledger.receive(done(0, timing), TIMELINE.cutoff_ns(0)).missed is True


def test_results_that_never_came_are_missed_and_make_one_run_with_their_neighbours() -> None:
    ledger = Ledger(TIMELINE)
    for k in (0, 1, 4, 6):
        ledger.receive(done(k), TIMELINE.due_ns(k) + (1 if k == 4 else 0))
    report = ledger.report(TIMELINE.due_ns(7))
    assert (report.micro_turns, report.missed, report.unanswered) == (8, 5, 4)
    assert report.longest_miss_run == 4  # 2 and 3 never came, 4 was late, 5 never came
    assert report.on_time_rate == 3 / 8


def test_a_micro_turn_that_is_not_due_yet_is_not_counted() -> None:
    assert Ledger(TIMELINE).report(TIMELINE.due_ns(0) - 1).on_time_rate is None


def test_a_second_result_is_counted_and_changes_nothing() -> None:
    ledger = Ledger(TIMELINE)
    first = ledger.receive(done(0), TIMELINE.due_ns(0))
    assert ledger.receive(done(0), TIMELINE.due_ns(0) + MS) is None
    assert ledger.entries[0] is first
    assert ledger.report(0, micro_turns=1).repeated == 1


def test_media_that_left_after_its_cutoff_is_the_clients_own_fault() -> None:
    ledger = Ledger(TIMELINE)
    ledger.sent(200, ZERO + 201 * MS)
    ledger.sent(399, ZERO + 399 * MS)
    ledger.sent(600, ZERO + 640 * MS)
    for k in range(3):
        ledger.receive(done(k), TIMELINE.due_ns(k))
    assert [ledger.entries[k].sent_ns for k in range(3)] == [ZERO + 201 * MS, ZERO + 640 * MS, ZERO + 640 * MS]
    assert ledger.report(0, micro_turns=3).sent_late == 2


def test_degradations_are_counted_apart_from_timing() -> None:
    ledger = Ledger(TIMELINE)
    ledger.receive(MicroTurnDone(k=0, timing=TIMING_ON_TIME, degradations=[Degraded(what="volatile")]), 0)
    report = ledger.report(0, micro_turns=1)
    assert (report.timing, report.degradations, report.missed) == ({"on_time": 1}, {"volatile": 1}, 0)


def test_lockstep_has_no_wall_clock_so_the_servers_word_counts() -> None:
    ledger = Ledger(TIMELINE, lockstep=True)
    ledger.receive(done(0), TIMELINE.due_ns(500))
    ledger.receive(done(1, TIMING_LATE), 0)
    report = ledger.report(TIMELINE.due_ns(900))
    assert (report.micro_turns, report.missed, report.latency_ms) == (2, 1, None)


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=200))
def test_percentiles_are_values_that_occurred_in_rising_order(values: list[int]) -> None:
    found = Percentiles.of(values)
    assert found is not None
    assert found.p50 <= found.p90 <= found.p99 <= found.max == max(values) / MS
    assert {found.p50, found.p90, found.p99} <= {value / MS for value in values}


@given(st.dictionaries(st.integers(0, 60), st.booleans(), max_size=60), st.integers(0, 60))
def test_missed_and_on_time_always_add_up_to_all_that_was_due(came_in_time: dict[int, bool], total: int) -> None:
    ledger = Ledger(TIMELINE)
    for k, in_time in came_in_time.items():
        ledger.receive(done(k), TIMELINE.due_ns(k) + (0 if in_time else 1))
    report = ledger.report(0, micro_turns=total)
    assert report.micro_turns - report.missed == sum(came_in_time.get(k, False) for k in range(total))
    assert report.longest_miss_run <= report.missed
