"""What every session store keeps of what was heard."""

from __future__ import annotations

from cluster.session.events import Answer
from cluster.session.store import SessionStore
from tests.unit.store_rig import heard, opened, write


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
