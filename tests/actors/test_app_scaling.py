"""Pairs come when there is room for them, share the sessions, and leave without taking one along."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from actors import autoscaling, fleet, supervisor
from actors.supervisor import Supervisor
from cluster.config import Config, load
from cluster.errors import ConfigError
from cluster.telemetry.metrics import Metrics
from tests.actors.machine import Machine, started, until

LOADS = {"sessions": 1, "places": 20, "headroom": 0.6, "kv_full_s": 1e9, "queue_age_s": 0.0, "late": 0.0, "refused": 0}


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, float]]:
    """What every pair is said to bear, from now on."""
    found = dict(LOADS)

    async def read(_: object) -> dict[str, None]:
        return {}

    monkeypatch.setattr(autoscaling, "EVERY_S", 0.0)
    monkeypatch.setattr(autoscaling, "DRAINED_S", 0.0)
    monkeypatch.setattr(autoscaling, "read", read)
    monkeypatch.setattr(autoscaling, "signals", lambda *_: dict(found))
    monkeypatch.setattr(fleet, "BEAT_S", 0.01)
    monkeypatch.setattr(supervisor, "BACKOFF_S", 0.0)
    yield found


def scaling(**overrides: object) -> Config:
    given = {"scaling.max_pairs": 2, "scaling.more_after_s": 0, "scaling.fewer_after_s": 1} | overrides
    return load(env={}, overrides=given)


async def serving(boss: Supervisor, *names: str) -> None:
    async with asyncio.timeout(20):
        while not set(names) <= {info.name for info in await boss.actors()}:  # noqa: ASYNC110 - no event for it
            await asyncio.sleep(0)


async def test_a_pair_is_asked_for_first_and_started_once_there_is_room(loads: dict[str, float]) -> None:
    boss, machine = await started(scaling())
    loads["refused"] = 1
    async with asyncio.timeout(20):
        await until(lambda: machine.asked[-1:] == [{"scheduler": 2, "engine": 2}])
    assert "engine-1" not in [process.spec.name for process in machine.started]
    machine.rooms = 1
    await serving(boss, "engine-1", "scheduler-1")
    assert machine.newest("scheduler-1").peers["engine-1"] == machine.newest("engine-1").address
    assert set(machine.newest("engine-1").peers) >= {"expert-0", "expert-1"}
    await boss.stop()


async def test_a_pair_leaves_before_its_node_is_given_back_and_nobody_starts_it_again(loads: dict[str, float]) -> None:
    boss, machine = await started(scaling(**{"scaling.pairs": 1}))
    loads["refused"], machine.rooms = 1, 1
    await serving(boss, "engine-1", "scheduler-1")
    machine.rooms, loads["refused"] = 0, 0
    scheduler, engine = machine.newest("scheduler-1"), machine.newest("engine-1")
    async with asyncio.timeout(20):
        await until(lambda: machine.asked[-1] == {"scheduler": 1, "engine": 1})
    assert scheduler.stopped and engine.stopped and scheduler.dead and engine.dead
    begun = len(machine.started)
    beats = boss.progress
    await until(lambda: boss.progress > beats + 3)
    assert len(machine.started) == begun
    assert await boss.place(False) == machine.newest("scheduler-0").address
    await boss.stop()


async def test_a_new_session_goes_where_the_fewest_are_even_in_a_burst() -> None:
    boss, machine = await started(scaling(**{"scaling.pairs": 2}))
    first, second = machine.newest("scheduler-0"), machine.newest("scheduler-1")
    first.owned |= {"a", "b"}
    placed = [await boss.place(False) for _ in range(4)]
    assert placed.count(second.address) == 3
    await boss.stop()


async def test_a_drained_node_hands_its_pair_over_where_another_stays(loads: dict[str, float]) -> None:
    boss, machine = await started(scaling(**{"scaling.pairs": 2, "serve.ingests": 1}))
    machine.newest("scheduler-1").owned.add("s")
    nodes = {info.name: info for info in await boss.actors()}
    assert len({info.node for info in nodes.values()}) == 1
    assert await boss.drain("n", 100, "maintenance") == ("ingest-0",)  # both pairs live there: nobody could take over
    await boss._pairs.leave(1)
    assert await boss.find("s") == machine.newest("scheduler-0").address
    await boss.stop()


async def test_a_lost_half_of_a_pair_comes_back_to_its_own_other_half() -> None:
    boss, machine = await started(scaling(**{"scaling.pairs": 2}))
    machine.newest("engine-1").kill()
    scheduler = machine.newest("scheduler-1")
    await until(lambda: bool(scheduler.told))
    assert scheduler.told == [("set_engine", machine.newest("engine-1").address)]
    assert not machine.newest("scheduler-0").told
    await boss.stop()


def test_ranks_belong_to_one_engine() -> None:
    with pytest.raises(ConfigError, match=r"scaling\.pairs"):
        load(env={}, overrides={"experts.exchange": "alltoall", "scaling.max_pairs": 2})


async def test_what_scaling_goes_by_is_shown(loads: dict[str, float]) -> None:
    metrics = Metrics()
    boss = Supervisor(scaling(), Machine(), metrics)
    await boss.start()
    async with asyncio.timeout(20):
        await until(lambda: b'counterpoint_scaling_signal{signal="headroom"} 0.6' in metrics.text())
    await boss.stop()
