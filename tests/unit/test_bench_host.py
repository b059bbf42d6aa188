"""Time that a host took is told apart, and what it made late is not counted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from evals.bench.capacity import ATTEMPTS, ENOUGH, Attempt, left_alone, share_on_time, undisturbed
from evals.bench.host import Host
from evals.bench.rows import Row
from evals.bench.sessions import Load, Outcome

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
    entry = SimpleNamespace(cutoff_ns=cutoff, received_ns=cutoff + 90 * MS, missed=missed, timing="on_time")
    return SimpleNamespace(k=k, entry=entry, message=SimpleNamespace(tick=k))


def test_what_was_taken_between_two_moments_is_the_difference_of_the_samples_around_them() -> None:
    found = host(0.0, 0.0, 0.03, 0.03, 0.05)
    assert found.took_s(110 * MS, 190 * MS) == pytest.approx(0.03)
    assert found.took_s(0, 100 * MS) == 0
    assert found.took_s(210 * MS, 290 * MS) == 0
    assert found.took_s(-500 * MS, 900 * MS) == pytest.approx(0.05)


def test_a_tick_that_was_stopped_and_the_one_after_it_are_left_out() -> None:
    taken = host(*[0.0] * 9, *[0.03] * 20)  # between 800 and 900 ms
    kept = undisturbed([Outcome(turns=[turn(k) for k in range(10)])], taken)
    assert [each.k for each in kept[0].turns] == [0, 1, 2, 5, 6, 7, 8, 9]


def test_what_never_came_is_missed_whatever_the_host_did() -> None:
    load = Load(target="", sessions=2, warm_up_s=0, seconds=4, audio=None)  # type: ignore[arg-type]  # never heard
    whole = [Outcome(turns=[turn(k) for k in range(20)]), Outcome(turns=[turn(k, missed=k == 3) for k in range(20)])]
    assert share_on_time(load, whole, whole) == 39 / 40
    calm = [Outcome(turns=each.turns[5:]) for each in whole]
    assert share_on_time(load, whole, calm) == 1.0
    gone = share_on_time(load, [whole[0], Outcome(failed="gone")], [calm[0], Outcome()])
    assert gone == pytest.approx(15 / 35, abs=1e-5)
    few = [Outcome(turns=each.turns[15:]) for each in whole]
    assert share_on_time(load, whole, few) is None


def attempt(ticks: int, *spans: float, whole: float = 0.5) -> Attempt:
    row = Row(what="counterpoint", sessions=3, latency_ms={}, on_time_rate=whole, extra={"tokens": {"0": 10}})
    return Attempt(row=row, alone=ticks / 100, spans=list(spans), ticks=[TICK] * ticks)


def row_of(*attempts: Attempt) -> Row:
    left = iter(attempts)
    return left_alone(lambda: next(left))


def test_a_row_is_measured_again_until_enough_of_it_was_left_alone_and_all_of_that_counts() -> None:
    assert row_of(attempt(ENOUGH, 1.0, 0.9, 1.0)).attempts == 1
    found = row_of(attempt(ENOUGH - 1, 0.8, 0.9), attempt(1, 1.0, 1.0, 1.0), attempt(99, 0.0))
    assert (found.attempts, found.on_time_rate) == (2, 1.0)
    assert len(found.extra["ticks"]) == ENOUGH  # type: ignore[arg-type]  # a list
    assert found.extra["tokens"] == {"0": 20}


def test_a_row_of_which_nothing_was_left_alone_says_so_and_tells_what_happened() -> None:
    found = row_of(*[attempt(0, whole=0.7)] * ATTEMPTS)
    assert (found.attempts, found.on_time_rate, found.alone) == (ATTEMPTS, 0.7, 0.0)
