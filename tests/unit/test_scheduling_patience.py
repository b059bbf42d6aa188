"""A tick waits for what many owe at once, for as long as its results can bear it, and for nobody alone."""

from __future__ import annotations

import pytest
from core_rig import PERIOD_NS, Rig
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.scheduling.patience import Patience

MS = 1_000_000
GRACE_MS = 20


def waits(late: int, of: int, room_ns: int = 140 * MS) -> int:
    return Patience(GRACE_MS * MS).ns(0, late=[f"s{each}" for each in range(late)], of=of, room_ns=room_ns)


@pytest.mark.parametrize(
    ("late", "of", "worth"),
    [(0, 0, False), (0, 8, False), (1, 1, True), (1, 2, False), (1, 4, False), (2, 8, True), (2, 9, False)],
)
def test_it_waits_for_a_quarter_of_all_and_for_one_only_where_there_is_nobody_else(
    late: int, of: int, worth: bool
) -> None:
    assert waits(late, of) == (GRACE_MS * MS if worth else 0)


def test_it_waits_no_longer_than_results_can_bear_after_a_step_like_the_last() -> None:
    assert waits(3, 4, room_ns=7 * MS) == 7 * MS
    assert waits(3, 4, room_ns=-30 * MS) == 0


def test_those_who_are_always_late_are_waited_for_twice_and_then_no_more() -> None:
    patience = Patience(GRACE_MS * MS)
    waited = [patience.ns(n, late="ab", of=4, room_ns=140 * MS) > 0 for n in range(40)]
    assert waited == [True, True, *[False] * 38]


@settings(max_examples=50)
@given(late=st.lists(st.booleans(), min_size=200, max_size=200))
def test_however_they_time_it_two_cannot_have_others_wait_at_more_than_one_tick_of_four(late: list[bool]) -> None:
    patience = Patience(GRACE_MS * MS)
    waited = sum(
        patience.ns(n, late="ab" if each else "", of=4, room_ns=140 * MS) > 0 for n, each in enumerate(late)
    )
    assert waited <= len(late) / 4 + 2


def test_more_than_half_of_all_are_waited_for_however_often_they_are_late() -> None:
    patience = Patience(GRACE_MS * MS)
    assert all(patience.ns(n, late="abc", of=5, room_ns=140 * MS) for n in range(40))


def test_once_it_waits_it_does_so_until_the_last_of_them_is_there() -> None:
    patience = Patience(GRACE_MS * MS)
    asked = [patience.ns(7, late=late, of=8, room_ns=140 * MS) > 0 for late in ("abc", "ab", "b", "", "d")]
    assert asked == [True, True, True, False, False]


def test_who_was_late_is_waited_for_again_after_a_while_and_asking_twice_costs_nothing() -> None:
    patience = Patience(GRACE_MS * MS)
    for n in range(9):
        patience.ns(n, late="ab", of=4, room_ns=140 * MS)
    for n in range(9, 25):
        assert patience.ns(n, late="", of=4, room_ns=140 * MS) == 0
    for _ in range(5):
        assert patience.ns(25, late="ab", of=4, room_ns=140 * MS) == GRACE_MS * MS


async def four_that_keep_up(**last: object) -> Rig:
    """Four sessions whose micro-turns 0 and 1 entered in time. last: what the fourth asks for."""
    rig = Rig(grace_ms=GRACE_MS)
    for session in "abcd":
        await rig.open(session, **(last if session == "d" else {}))
    rig.n = max(rig.core.session(session).terms.n0 for session in "abcd")
    for _ in range(2):
        for session in "abcd":
            await rig.turn(rig.k(session), session)
        await rig.tick()
    return rig


async def give(rig: Rig, sessions: str) -> None:
    for session in sessions:
        await rig.turn(rig.k(session), session)


async def test_two_of_four_are_waited_for_until_they_have_come() -> None:
    rig = await four_that_keep_up()
    await give(rig, "ab")
    assert rig.core.patience_ns(rig.n) == GRACE_MS * MS
    await give(rig, "c")
    assert rig.core.patience_ns(rig.n) == GRACE_MS * MS
    await give(rig, "d")
    assert rig.core.patience_ns(rig.n) == 0


async def test_who_was_late_at_the_tick_before_is_not_waited_for() -> None:
    rig = await four_that_keep_up()
    await give(rig, "ab")
    await rig.tick()  # without c and d
    await give(rig, "ab")
    for session in "cd":
        await rig.turn(rig.k(session) - 1, session)
    assert rig.core.patience_ns(rig.n) == 0


async def test_nobody_waits_for_a_client_that_is_gone_or_for_a_session_that_has_yet_to_begin() -> None:
    rig = await four_that_keep_up()
    await give(rig, "ab")
    await rig.detach("c")
    await rig.detach("d")
    assert rig.core.patience_ns(rig.n) == 0
    early = Rig(grace_ms=GRACE_MS)
    await early.open("a")
    assert early.n < early.core.session("a").terms.n0
    assert early.core.patience_ns(early.n) == 0


async def test_who_has_to_have_results_soon_bounds_the_wait_of_all() -> None:
    rig = await four_that_keep_up(due_ms=60)
    await give(rig, "a")
    assert rig.core.patience_ns(rig.n) == 10 * MS  # 60 but for egress, after a step of 30


async def test_a_slow_step_leaves_no_time_to_wait() -> None:
    rig = await four_that_keep_up()
    await give(rig, "abcd")
    await rig.tick(took_ns=130 * MS)  # of 140 between the cutoff and the time results have to leave
    assert rig.core.patience_ns(rig.n) == 10 * MS
    await give(rig, "abcd")
    await rig.tick(took_ns=150 * MS)
    assert rig.core.patience_ns(rig.n) == 0


async def test_a_tick_that_began_late_has_fewer_passes_to_give() -> None:
    def passes(rig: Rig, begun_late_ns: int) -> set[int]:
        batch = rig.core.tick(rig.n, rig.n * PERIOD_NS + begun_late_ns).batch
        assert batch is not None
        return {work.max_passes for work in batch.work}

    begun = []
    for late_ms in (0, 60):
        rig = await four_that_keep_up()
        for _ in range(10):  # so that the cost is known
            await give(rig, "abcd")
            await rig.tick(took_ns=40 * MS)
        await give(rig, "abcd")
        begun.append(passes(rig, late_ms * MS))
    assert min(begun[0]) > max(begun[1]) == 1
