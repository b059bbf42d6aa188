"""The gauges a scheduler sets after every tick, and the lag of its journal."""

from __future__ import annotations

import asyncio

import pytest

from actors.scheduler_gauges import Gauges
from actors.scheduler_journal import Journal
from cluster.session.commands import JournalWrite
from cluster.session.events import Answer, JournalOutcome
from cluster.telemetry import metrics as m
from cluster.telemetry.metrics import Metrics
from cluster.telemetry.scrape import Scrape
from tests.unit.core_rig import Rig

MS = 1_000_000
WRITE = JournalWrite(session="s", tenant="t", epoch=1, index=0, records=(b"r",))


class GatedStore:
    """Answers when the gate is open."""

    def __init__(self) -> None:
        self.gate, self.asked = asyncio.Event(), asyncio.Event()

    async def append(self, writes: tuple[JournalWrite, ...]) -> tuple[JournalOutcome, ...]:
        self.asked.set()
        await self.gate.wait()
        return tuple(JournalOutcome(session=w.session, epoch=w.epoch, answer=Answer.WRITTEN) for w in writes)


def journal(store: object = None) -> Journal:
    return Journal(store, lambda _: None, Metrics())  # type: ignore[arg-type]  # None where nothing is written


def said(metrics: Metrics) -> Scrape:
    return Scrape.of(metrics.text().decode())


async def test_sessions_are_counted_by_whether_their_client_is_there() -> None:
    rig, metrics = Rig(), Metrics()
    await rig.open("here")
    await rig.open("gone")
    await rig.detach("gone")
    held = {"here", "gone"}
    gauges = Gauges(held, rig.core.session, journal(), metrics)
    gauges.after_tick(tick_ns=1, budget_ns=1, worked=False)
    assert said(metrics).by(m.SESSIONS, "state") == {"attached": 1, "detached": 1}
    held.discard("gone")
    gauges.after_tick(tick_ns=1, budget_ns=1, worked=False)
    assert said(metrics).by(m.SESSIONS, "state") == {"attached": 1}


async def test_a_session_whose_journal_is_away_is_counted_as_volatile() -> None:
    rig, metrics = Rig(), Metrics()
    await rig.open()
    rig.store_is = "down"
    while not rig.core.session("s").journal.volatile:
        await rig.turn(max(rig.k(), 0))
        await rig.tick()
    Gauges({"s"}, rig.core.session, journal(), metrics).after_tick(tick_ns=1, budget_ns=1, worked=True)
    assert said(metrics).get(m.VOLATILE) == 1


def test_headroom_is_the_budget_less_the_slow_ticks_that_had_work() -> None:
    metrics = Metrics()
    gauges = Gauges((), Rig().core.session, journal(), metrics)
    gauges.after_tick(tick_ns=500 * MS, budget_ns=112 * MS, worked=False)
    assert said(metrics).get(m.TICK_HEADROOM) == pytest.approx(0.112)
    for tick_ms in (30, 80, 40):
        gauges.after_tick(tick_ns=tick_ms * MS, budget_ns=112 * MS, worked=True)
    assert said(metrics).get(m.TICK_PREDICTED) == pytest.approx(0.080)
    assert said(metrics).get(m.TICK_HEADROOM) == pytest.approx(0.032)


def test_where_time_is_virtual_there_is_no_headroom_to_speak_of() -> None:
    metrics = Metrics()
    Gauges((), Rig().core.session, journal(), metrics).after_tick(tick_ns=9 * MS, budget_ns=0, worked=True)
    assert said(metrics).get(m.TICK_HEADROOM) == 0


async def test_the_journal_lags_by_the_age_of_its_oldest_write_without_an_answer() -> None:
    store = GatedStore()
    slow = journal(store)
    task = asyncio.create_task(slow.run())
    assert slow.lag_ns == 0
    slow.put((WRITE,))
    await store.asked.wait()
    first = slow.lag_ns
    slow.put((WRITE,))
    assert slow.lag_ns >= first > 0
    store.gate.set()
    await slow.drained()
    assert slow.lag_ns == 0
    task.cancel()
