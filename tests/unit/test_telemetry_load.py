"""The load of a pair is what its metrics said between two readings."""

from __future__ import annotations

import math

from cluster.scheduling.scaling import PairLoad
from cluster.telemetry import metrics as m
from cluster.telemetry.load import signals
from cluster.telemetry.metrics import Metrics
from cluster.telemetry.scrape import Scrape


def reading(metrics: Metrics) -> Scrape:
    return Scrape.of(metrics.text().decode())


def test_signals_are_those_of_the_time_between_two_readings() -> None:
    scheduler, engine, ingest = Metrics(), Metrics(), Metrics()
    scheduler.set(m.SESSIONS, 3, state="attached")
    scheduler.set(m.SESSIONS, 1, state="detached")
    scheduler.set(m.SESSIONS_MAX, 8)
    scheduler.set(m.TICK_PREDICTED, 0.12)
    scheduler.set(m.TICK_HEADROOM, 0.04)
    scheduler.add(m.REJECTED, 5, limit="scheduler.max_sessions")
    engine.set(m.KV_PAGES, 100, state="used")
    engine.set(m.KV_PAGES, 300, state="free")
    before = {"scheduler-2": reading(scheduler), "engine-2": reading(engine), "ingest-0": reading(ingest)}
    scheduler.observe(m.TICK, 0.1)
    scheduler.observe(m.TICK_DELAY, 0.0004)
    scheduler.add(m.REJECTED, limit="scheduler.max_sessions")
    engine.set(m.KV_PAGES, 120, state="used")
    engine.set(m.KV_PAGES, 280, state="free")
    for lateness_s in (-0.1, -0.1, -0.1, 0.02):
        ingest.observe(m.LATENESS, lateness_s)
    ingest.add(m.MISSED, cause="queue")
    now = {"scheduler-2": reading(scheduler), "engine-2": reading(engine), "ingest-0": reading(ingest)}
    found = signals(now, before, 10.0, 2)
    assert found is not None
    load = PairLoad(**found)  # type: ignore[arg-type]  # counts come as floats
    assert (load.sessions, load.places, load.refused, load.late) == (4, 8, 1, 0.25)
    assert load.headroom == 0.25
    assert load.kv_full_s == 140.0
    assert 0 < load.queue_age_s <= 0.0005


def test_an_idle_pair_has_all_its_headroom_and_never_fills() -> None:
    quiet = {"scheduler-0": reading(Metrics()), "engine-0": reading(Metrics())}
    found = signals(quiet, quiet, 5.0, 0)
    assert found is not None
    assert (found["headroom"], found["kv_full_s"], found["late"]) == (1.0, math.inf, 0.0)


def test_half_a_pair_has_no_load() -> None:
    assert signals({"scheduler-0": reading(Metrics()), "engine-0": None}, {}, 5.0, 0) is None
