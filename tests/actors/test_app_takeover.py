"""A supervisor that dies alone: the next one finds what serves and goes on, and starts again what died meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from actors import app_supervised
from actors.app_supervised import Supervised
from actors.handles import ActorSpec
from actors.supervisor import Supervisor
from cluster.config import Config, load
from cluster.telemetry.metrics import Metrics
from tests.actors.machine import Machine, quicken, started, until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)


@pytest.fixture
def config() -> Config:
    return load(env={}, overrides={"experts.exchange": "grpc", "experts.shards": 2})


def died(boss: Supervisor) -> None:
    """As the death of its process would end it: nothing is stopped."""
    for task in boss._tasks:
        task.cancel()


async def taken_over(config: Config, machine: Machine) -> Supervisor:
    again = Supervisor(config, machine, Metrics())
    await again.start()
    return again


async def test_what_serves_is_kept_and_sessions_are_found_where_they_are(config: Config) -> None:
    boss, machine = await started(config)
    machine.newest("scheduler-0").owned.add("s-1")
    before, found = await boss.actors(), await boss.find("s-1")
    died(boss)
    again = await taken_over(config, machine)
    assert {info.pid for info in await again.actors()} == {info.pid for info in before}
    assert len(machine.started) == len(before)
    assert await again.find("s-1") == found
    assert await again.place(False) == machine.newest("scheduler-0").address
    await again.stop()


async def test_what_is_kept_is_watched_as_before(config: Config) -> None:
    boss, machine = await started(config)
    died(boss)
    again = await taken_over(config, machine)
    machine.newest("expert-1").kill()
    engine = machine.newest("engine-0")
    await until(lambda: bool(engine.told))
    assert engine.told == [
        ("set_shards", {0: machine.newest("expert-0").address, 1: machine.newest("expert-1").address})
    ]
    await again.stop()


@pytest.mark.parametrize("name", ["expert-1", "engine-0", "scheduler-0", "ingest-0"])
async def test_what_died_meanwhile_is_started_again_while_others_serve(config: Config, name: str) -> None:
    boss, machine = await started(config)
    died(boss)
    machine.newest(name).kill()
    again = await taken_over(config, machine)
    async with asyncio.timeout(5):
        await until(lambda: again._fleet.info(name) is not None)
    assert [process.spec.name for process in machine.started].count(name) == 2
    assert len(machine.started) == len(await again.actors()) + 1
    await again.stop()


async def test_what_is_frozen_or_was_started_otherwise_is_ended(config: Config) -> None:
    boss, machine = await started(config)
    frozen, other = machine.newest("ingest-0"), machine.newest("expert-0")
    died(boss)
    frozen.frozen = True
    other.spec = ActorSpec(role="expert", index=0, config=load(env={}, overrides={"engine.seed": 1}))
    again = await taken_over(config, machine)
    assert frozen.dead
    assert other.dead
    async with asyncio.timeout(5):
        await until(lambda: len(again._fleet.infos()) == 5)
    await again.stop()


async def test_another_configuration_starts_everything_anew(config: Config) -> None:
    boss, machine = await started(config)
    died(boss)
    first = list(machine.started)
    again = await taken_over(load(env={}, overrides={"engine.seed": 1}), machine)
    assert all(process.dead for process in first)
    assert len(machine.started) == 2 * len(first)
    await again.stop()


async def test_all_ranks_meet_again_where_one_died_meanwhile() -> None:
    config = load(env={}, overrides={"experts.exchange": "alltoall", "experts.shards": 2})
    boss, machine = await started(config)
    died(boss)
    machine.newest("rank-1").kill()
    engine = machine.newest("engine-0")
    again = await taken_over(config, machine)
    async with asyncio.timeout(5):
        await until(lambda: again._fleet.info("rank-1") is not None)
    assert engine.dead
    assert machine.newest("rank-1").peers["rendezvous"] == await machine.newest("engine-0").free_address()
    await again.stop()


async def test_pairs_that_came_later_are_kept_and_their_numbers_never_used_again() -> None:
    config = load(env={}, overrides={"scaling.max_pairs": 3, "scaling.fewer_after_s": 60})
    boss, machine = await started(config)
    await boss._start_pair(boss._pairs.next_number())
    await boss._pairs.leave(0)
    died(boss)
    again = await taken_over(config, machine)
    assert again._pairs.staying() == [1]
    assert again._pairs.next_number() == 2
    await again._scaling.once()
    assert not machine.newest("scheduler-1").stopped
    await again.stop()


async def test_serve_starts_another_supervisor_for_one_that_is_lost_or_frozen(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_supervised, "ATTEND_S", 0.0)
    monkeypatch.setattr(app_supervised, "ANSWER_S", 0.02)
    machine = Machine()
    supervised = Supervised(machine, ActorSpec(role="supervisor", index=0, config=config))
    await supervised.start()
    first = machine.newest("supervisor-0")
    first.kill()
    async with asyncio.timeout(5):
        await machine.launched(2)
        second = machine.newest("supervisor-0")
        await until(lambda: bool(second.told))
        assert supervised.supervisor is second
        second.frozen = True
        await machine.launched(3)
    assert second.dead
    supervised.end()


async def test_a_supervisor_that_cannot_be_started_is_tried_again(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_supervised, "ATTEND_S", 0.0)
    machine = Machine()
    supervised = Supervised(machine, ActorSpec(role="supervisor", index=0, config=config))
    await supervised.start()
    machine.refusals = 2
    machine.newest("supervisor-0").kill()
    async with asyncio.timeout(5):
        await machine.launched(2)
        await until(lambda: bool(machine.newest("supervisor-0").told))
    supervised.end()
