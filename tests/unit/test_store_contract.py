"""What every session store owes of records and owners: the twin in memory and a real Valkey pass the same tests."""

from __future__ import annotations

import asyncio

import pytest

from cluster.errors import Fenced, ProtocolError, ResyncRequired
from cluster.session.commands import JournalWrite
from cluster.session.events import Answer
from cluster.session.store import SessionStore
from tests.unit.store_rig import heard, opened, write


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
