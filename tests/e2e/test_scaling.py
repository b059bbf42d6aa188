"""A real Ray of several nodes: a pair is started where a node comes, takes sessions, and leaves without losing one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import ray
from ray.autoscaler.v2.sdk import get_cluster_status
from ray.cluster_utils import Cluster

from actors.app import App
from actors.store import EmbeddedStore
from cluster.config import load
from tests.e2e.talking import PATIENT, converse

PAIR = {"counterpoint_scheduler": 1, "counterpoint_engine": 1}
NODE = {"num_cpus": 1, "object_store_memory": 80_000_000}
HEAD = NODE | {"include_dashboard": False}

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(300)]


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(90):
        while not await holds():  # noqa: ASYNC110 - another process has no event for us
            await asyncio.sleep(0.5)


def asked_of_the_autoscaler(address: str) -> dict[str, int]:
    """How many of each resource the nodes together must offer."""
    demands = get_cluster_status(address).resource_demands.cluster_constraint_demand
    return {name: by.count for demand in demands for by in demand.bundles_by_count for name in by.bundle}


async def test_a_pair_comes_with_a_node_and_hands_its_session_over_when_it_leaves(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_worker_niceness", "0")  # as every deployment sets it where it starts Ray
    monkeypatch.setenv("RAY_enable_autoscaler_v2", "1")  # as the operator does; the first one keeps wishes elsewhere
    cluster = Cluster(initialize_head=True, head_node_args=HEAD)
    store = EmbeddedStore(tmp_path)
    options = {
        "serve.ray_address": cluster.address,
        "serve.port": 0,
        "serve.data_dir": tmp_path,
        "redis.url": store.start(),
        "engine.checkpoint": checkpoint,
        "engine.dtype": "f32",
        "experts.exchange": "local",
        "scheduler.max_sessions": 2,
        "scaling.max_pairs": 2,
        "scaling.more_after_s": 0,
        "scaling.fewer_after_s": 5,
        # Places alone decide: what else a crowded machine does to the ticks is no matter of this test.
        "scaling.late": 1,
        "scaling.queue_age_s": 60,
        "scaling.headroom": -100,
        "scaling.kv_full_s": 0.1,
    }
    app = App(load(env={}, overrides=options))

    async def schedulers(wanted: int) -> bool:
        return sum(info.role == "scheduler" for info in await app.actors()) == wanted

    async def asked(wanted: int) -> bool:
        return asked_of_the_autoscaler(cluster.address) == dict.fromkeys(PAIR, wanted)

    try:
        cluster.add_node(resources=PAIR, **NODE)
        await app.start()
        target = next(info.address for info in await app.actors() if info.role == "ingest")
        first = [asyncio.create_task(converse(target, 45.0, patience=PATIENT)) for _ in range(2)]  # no place is left
        await until(lambda: asked(2))
        assert await schedulers(1)  # there is no room yet
        cluster.add_node(resources=PAIR, **NODE)
        await until(lambda: schedulers(2))
        third = asyncio.create_task(converse(target, 60.0, patience=PATIENT))  # only the new pair has a place for it
        assert all(talk.turns for talk in await asyncio.gather(*first))
        assert not third.done()
        await until(lambda: schedulers(1))
        await until(lambda: asked(1))
        talk = await third
        assert talk.ks == list(range(len(talk.ks)))
        assert len(talk.ks) >= 300
        assert talk.disconnected == 0
    finally:
        await app.stop()
        ray.shutdown()
        cluster.shutdown()
        store.stop()
