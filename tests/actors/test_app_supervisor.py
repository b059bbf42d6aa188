"""The supervisor starts actors in order, and again when they die or freeze."""

from __future__ import annotations

import asyncio

import pytest

from actors import fleet, supervisor
from cluster.config import Config, load
from cluster.errors import Rejected
from tests.actors.machine import quicken, started, until


@pytest.fixture
def config() -> Config:
    return load(env={}, overrides={"experts.exchange": "grpc", "experts.shards": 2})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)


async def test_actors_start_behind_those_they_call(config: Config) -> None:
    boss, machine = await started(config)
    assert {"expert-0", "expert-1"} <= set(machine.newest("engine-0").peers)
    assert "scheduler-0" not in machine.newest("engine-0").peers
    assert "engine-0" in machine.newest("scheduler-0").peers
    assert [info.name for info in await boss.actors()][-1] == "ingest-0"
    await boss.stop()
    assert all(process.stopped for process in machine.started)


async def test_the_local_exchange_has_no_shards() -> None:
    boss, machine = await started(load(env={}, overrides={"experts.exchange": "local"}))
    assert {process.spec.role for process in machine.started} == {"engine", "scheduler", "ingest"}
    await boss.stop()


async def test_all_ranks_of_an_engine_meet_again_when_one_dies() -> None:
    boss, machine = await started(load(env={}, overrides={"experts.exchange": "alltoall", "experts.shards": 2}))
    engine, rank = machine.newest("engine-0"), machine.newest("rank-1")
    assert engine.peers["rendezvous"] == rank.peers["rendezvous"] == await engine.free_address()
    rank.kill()
    scheduler = machine.newest("scheduler-0")
    await until(lambda: bool(scheduler.told))
    again = machine.newest("engine-0")
    assert again is not engine
    assert machine.newest("rank-1").peers["rendezvous"] == await again.free_address()
    await boss.stop()


async def test_a_dead_shard_comes_back_elsewhere_and_the_engine_is_told(config: Config) -> None:
    boss, machine = await started(config)
    before = len(machine.started)
    machine.newest("expert-1").kill()
    await machine.launched(before + 1)
    engine = machine.newest("engine-0")
    await until(lambda: bool(engine.told))
    assert engine.told == [
        ("set_shards", {0: machine.newest("expert-0").address, 1: machine.newest("expert-1").address})
    ]
    await boss.stop()


async def test_an_actor_that_freezes_is_killed_and_started_again(config: Config) -> None:
    boss, machine = await started(config)
    before = len(machine.started)
    machine.newest("ingest-0").frozen = True
    await machine.launched(before + 1)
    again = machine.newest("ingest-0")
    await until(lambda: bool(again.peers))
    assert again.peers["scheduler-0"] == machine.newest("scheduler-0").address
    assert again.peers["before"] == machine.started[before - 1].address
    await boss.stop()


@pytest.mark.parametrize("name", ["engine-0", "expert-1"])
async def test_an_actor_whose_work_stands_while_it_answers_is_started_again(config: Config, name: str) -> None:
    boss, machine = await started(config)
    before = len(machine.started)
    machine.newest(name).stands = True
    await machine.launched(before + 1)
    assert machine.started[-1].spec.name == name
    await boss.stop()


async def test_a_scheduler_may_tell_the_same_progress_for_long(config: Config) -> None:
    boss, machine = await started(config)
    before = len(machine.started)
    machine.newest("scheduler-0").stands = True
    await until(lambda: boss.progress > 2 * fleet.STANDS_BEATS)
    assert len(machine.started) == before
    await boss.stop()


async def test_an_engine_that_cannot_be_told_costs_no_fresh_shard(config: Config) -> None:
    boss, machine = await started(config)
    before = len(machine.started)
    machine.newest("engine-0").deaf = True
    machine.newest("expert-1").kill()
    await machine.launched(before + 1)
    beats = boss.progress
    await until(lambda: boss.progress > beats + 3)
    assert len(machine.started) == before + 1
    assert machine.newest("expert-1").address in [info.address for info in await boss.actors()]
    await boss.stop()


async def test_supervision_goes_on_whatever_a_restart_raises(config: Config) -> None:
    boss, machine = await started(config)
    before = len(machine.started)
    machine.refusals = 2
    machine.newest("ingest-0").kill()
    await machine.launched(before + 1)
    assert machine.refusals == 0
    await boss.stop()


async def test_one_actor_that_fails_to_stop_leaves_none_behind(config: Config) -> None:
    boss, machine = await started(config)
    machine.newest("ingest-0").unstoppable = True
    await boss.stop()
    assert all(process.stopped for process in machine.started if process.spec.role != "ingest")
    assert all(process.dead for process in machine.started)


async def test_an_engine_that_comes_back_is_shown_to_its_scheduler(config: Config) -> None:
    boss, machine = await started(config)
    machine.newest("engine-0").kill()
    scheduler = machine.newest("scheduler-0")
    await until(lambda: bool(scheduler.told))
    assert scheduler.told == [("set_engine", machine.newest("engine-0").address)]
    await boss.stop()


async def test_the_lockstep_pair_starts_once_at_the_first_lockstep_session(config: Config) -> None:
    boss, machine = await started(config)
    live = await boss.place(False)
    addresses = await asyncio.gather(*(boss.place(True) for _ in range(3)))
    assert len(set(addresses)) == 1
    assert live not in addresses
    assert [process.spec.role for process in machine.started[-2:]] == ["lockstep-engine", "lockstep-scheduler"]
    assert "expert-0" in machine.newest("lockstep-engine-0").peers
    await boss.stop()


async def test_a_session_is_found_where_it_is_held_and_an_orphan_where_it_may_go_on(config: Config) -> None:
    boss, machine = await started(config)
    await boss.place(True)
    live, lockstep = machine.newest("scheduler-0"), machine.newest("lockstep-scheduler-0")
    lockstep.owned.add("s-1")
    assert await boss.find("s-1") == lockstep.address
    assert await boss.find("s-2") == live.address
    await boss.stop()


async def test_nothing_is_placed_while_no_scheduler_serves(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "BACKOFF_S", 60.0)
    boss, machine = await started(config)
    machine.newest("scheduler-0").kill()
    await asyncio.wait_for(until(lambda: "scheduler-0" not in boss._fleet.peers()), 5)
    with pytest.raises(Rejected) as caught:
        await boss.place(False)
    assert caught.value.retry_after_ms > 0
    await boss.stop()


async def test_a_drain_sends_away_the_clients_of_the_ingests_of_that_node_only(config: Config) -> None:
    boss, machine = await started(config)
    assert await boss.drain("elsewhere", 1_000, "maintenance") == ()
    assert not machine.newest("ingest-0").told
    assert await boss.drain("n", 1_000, "maintenance") == ("ingest-0",)
    assert machine.newest("ingest-0").told == [("drain", 1_000, "maintenance")]
    assert await boss.drain("", 500, "maintenance") == ("ingest-0",)
    await boss.stop()
