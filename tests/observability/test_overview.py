"""`counterpoint top` reckons what it shows from two readings of every actor."""

from __future__ import annotations

import pytest

from actors.top import screen
from cluster.telemetry import metrics as m
from cluster.telemetry.metrics import Metrics
from cluster.telemetry.overview import overview
from cluster.telemetry.scrape import Scrape


def read(metrics: Metrics) -> Scrape:
    return Scrape.of(metrics.text().decode())


def test_a_quantile_is_taken_inside_its_bucket() -> None:
    metrics = Metrics()
    for _ in range(100):
        metrics.observe(m.LATENESS, -0.03)
    assert read(metrics).quantile(m.LATENESS, 0.5) == pytest.approx(-0.0375)
    assert Scrape({}).quantile(m.LATENESS, 0.5) is None


def test_a_quantile_beyond_the_last_edge_is_that_edge_and_below_the_first_is_the_first() -> None:
    late, early = Metrics(), Metrics()
    late.observe(m.LATENESS, 5.0)
    early.observe(m.LATENESS, -5.0)
    assert read(late).quantile(m.LATENESS, 0.99) == m.LATENESS.buckets[-1]
    assert read(early).quantile(m.LATENESS, 0.99) == m.LATENESS.buckets[0]


def test_a_counter_that_fell_began_anew() -> None:
    old, new = Metrics(), Metrics()
    old.add(m.OVERRUNS, 7)
    new.add(m.OVERRUNS, 2)
    assert read(new).since(read(old)).get(m.OVERRUNS) == 2


def test_what_is_shown_happened_between_the_readings() -> None:
    ingest, scheduler, expert = Metrics(), Metrics(), Metrics()
    for _ in range(50):
        ingest.observe(m.LATENESS, 0.3)
    ingest.add(m.MISSED, 50, cause="queue")
    scheduler.set(m.PROGRESS, 1)
    before = {"ingest-0": read(ingest), "scheduler-0": read(scheduler), "expert-0": read(expert)}
    for _ in range(99):
        ingest.observe(m.LATENESS, -0.03)
    ingest.observe(m.LATENESS, 0.03)
    ingest.add(m.MISSED, cause="queue")
    scheduler.set(m.PROGRESS, 6)
    scheduler.set(m.SESSIONS, 3, state="attached")
    scheduler.set(m.SESSIONS_MAX, 32)
    scheduler.set(m.TICK_HEADROOM, 0.05)
    expert.observe(m.EXPERT_COMPUTE, 0.0001)
    seen = overview({"ingest-0": read(ingest), "scheduler-0": read(scheduler), "expert-0": None}, before, 2.0)
    assert (seen.on_time_rate, seen.missed) == (0.99, {"queue": 1})
    assert seen.lateness_p99_ms is not None and seen.lateness_p99_ms < 0
    assert (seen.attached, seen.places, seen.headroom_ms) == (3, 32, 50.0)
    assert [(line.actor, line.answers, line.moves) for line in seen.actors] == [
        ("expert-0", False, False),
        ("ingest-0", True, False),
        ("scheduler-0", True, True),
    ]


def test_a_lockstep_pair_does_not_spoil_the_headroom_of_the_others() -> None:
    live, lockstep = Metrics(), Metrics()
    live.set(m.TICK_HEADROOM, 0.05)
    now = {"scheduler-0": read(live), "lockstep-scheduler-0": read(lockstep)}
    assert overview(now, {}, 1.0).headroom_ms == 50.0


def test_an_empty_cluster_can_be_looked_at() -> None:
    seen = overview({}, {}, 1.0)
    assert (seen.on_time_rate, seen.headroom_ms, seen.kv_used) == (None, None, None)
    assert screen(seen).renderables
