"""Time that a host took is told apart, and what it made late is not counted."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from evals.bench.capacity import ATTEMPTS, ENOUGH, Attempt, left_alone
from evals.bench.host import Host
from evals.bench.rows import Row
from evals.bench.sessions import Load, Outcome
from evals.bench.ticks import LITTLE_S, share_on_time, undisturbed

MS = 1_000_000
TICK = (1, 0, 20.0, 30.0)


def host(*taken_s: float) -> Host:
    """Sampled every 100 ms."""
    found = Host()
    for index, taken in enumerate(taken_s):
        found.sample(now_ns=lambda at=index * 100 * MS: at, taken_s=lambda taken=taken: taken)
    return found


def turn(k: int, missed: bool = False) -> Any:
    cutoff = (k + 1) * 200 * MS
    entry = SimpleNamespace(cutoff_ns=cutoff, due_ns=cutoff + 160 * MS, missed=missed, timing="on_time")
    return SimpleNamespace(k=k, entry=entry, message=SimpleNamespace(tick=k))


def test_what_was_taken_between_two_moments_is_the_difference_of_the_samples_around_them() -> None:
    found = host(0.0, 0.0, 0.03, 0.03, 0.05)
    assert found.took_s(110 * MS, 190 * MS) == pytest.approx(0.03)
    assert found.took_s(0, 100 * MS) == 0
    assert found.took_s(210 * MS, 290 * MS) == 0
    assert found.took_s(-500 * MS, 900 * MS) == pytest.approx(0.05)


def test_a_tick_that_was_stopped_and_the_two_after_it_are_left_out() -> None:
    taken = host(*[0.0] * 9, *[0.03] * 20)  # between 800 and 900 ms
    kept = undisturbed([Outcome(turns=[turn(k) for k in range(10)])], taken)
    assert [each.k for each in kept[0].turns] == [0, 1, 2, 6, 7, 8, 9]


def test_as_much_as_is_allowed_is_no_more_however_long_the_machine_has_been_up() -> None:
    for base in range(10_000, 10_500):
        found = host(base / 100, base / 100 + 0.02)
        assert found.took_s(0, 100 * MS) <= LITTLE_S
        assert len(undisturbed([Outcome(turns=[turn(0)])], found)[0].turns) == 1


def test_whether_a_micro_turn_counts_does_not_go_by_when_it_came() -> None:
    taken = host(*[0.0] * 12, *[0.5] * 20)  # after it was due
    late = turn(3, missed=True)
    assert undisturbed([Outcome(turns=[late])], taken)[0].turns == [late]


def test_what_never_came_is_missed_whatever_the_host_did() -> None:
    load = Load(target="", sessions=2, warm_up_s=0, seconds=4, audio=np.zeros(0, np.int16))
    whole = [Outcome(turns=[turn(k) for k in range(20)]), Outcome(turns=[turn(k, missed=k == 3) for k in range(20)])]
    assert share_on_time(load, whole, whole) == 39 / 40
    calm = [Outcome(turns=each.turns[5:]) for each in whole]
    assert share_on_time(load, whole, calm) == 1.0
    gone = Outcome(turns=whole[1].turns, failed="gone")  # at the end, and all of it is missed
    assert share_on_time(load, [whole[0], gone], calm) == pytest.approx(15 / 35, abs=1e-5)
    few = [Outcome(turns=each.turns[17:]) for each in whole]
    assert share_on_time(load, whole, few) is None
    short = Outcome(turns=whole[1].turns[:-1])  # one result was lost where too little was left alone
    assert share_on_time(load, [whole[0], short], few) is None


def attempt(ticks: int, *spans: float, alone: float = 0.5, failed: int = 0) -> Attempt:
    row = Row(what="counterpoint", sessions=3, latency_ms={}, on_time_rate=0.7, failed=failed)
    return Attempt(row=row, alone=alone, spans=list(spans), ticks=[TICK] * ticks, tokens=Counter({"0": 10}))


def row_of(*attempts: Attempt) -> Row:
    left = iter(attempts)
    return left_alone(lambda: next(left))


def test_a_row_is_measured_again_until_enough_of_it_was_left_alone_and_all_of_that_counts() -> None:
    assert row_of(attempt(ENOUGH, 1.0, 0.9, 1.0)).attempts == 1
    found = row_of(attempt(ENOUGH - 1, 0.8, 0.9), attempt(1, 1.0, 1.0, 1.0), attempt(99, 0.0))
    assert (found.attempts, found.on_time_rate) == (2, 1.0)
    assert found.extra["ticks"] == [TICK] * ENOUGH
    assert found.extra["tokens"] == {"0": 20}


def test_a_row_of_which_too_little_was_left_alone_is_not_judged_and_tells_what_happened() -> None:
    found = row_of(*[attempt(0)] * ATTEMPTS)
    assert (found.attempts, found.on_time_rate, found.runs) == (ATTEMPTS, None, 0)
    assert found.extra["on_time_of_all"] == [0.7] * ATTEMPTS


def test_another_run_is_made_only_where_it_could_tell_more_of_the_host() -> None:
    assert row_of(attempt(0, 0.1, alone=1.0)).attempts == 1
    found = row_of(attempt(1, 1.0), attempt(0, 0.6, failed=1), attempt(99, 1.0))
    assert (found.attempts, found.failed) == (2, 1)
