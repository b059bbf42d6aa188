"""A tick waits for what many owe at once, for as long as its results can bear it, and for nobody alone."""

from __future__ import annotations

import pytest
from core_rig import PERIOD_NS, Rig

from cluster.scheduling.patience import patience_ns

MS = 1_000_000
GRACE_MS = 20


@pytest.mark.parametrize(
    ("late", "of", "waits"),
    [(0, 0, False), (0, 8, False), (1, 1, True), (1, 2, False), (1, 4, False), (2, 8, True), (2, 9, False)],
)
def test_it_waits_for_a_quarter_of_all_and_for_one_only_where_there_is_nobody_else(
    late: int, of: int, waits: bool
) -> None:
    assert patience_ns(late, of, GRACE_MS * MS, 140 * MS) == (GRACE_MS * MS if waits else 0)


def test_it_waits_no_longer_than_results_can_bear_after_a_step_like_the_last() -> None:
    assert patience_ns(3, 4, GRACE_MS * MS, 7 * MS) == 7 * MS
    assert patience_ns(3, 4, GRACE_MS * MS, -30 * MS) == 0


async def four_that_keep_up() -> Rig:
    """Four sessions whose micro-turns 0 and 1 entered in time."""
    rig = Rig(grace_ms=GRACE_MS)
    for session in "abcd":
        await rig.open(session)
    rig.n = max(rig.core.session(session).terms.n0 for session in "abcd")
    for _ in range(2):
        for session in "abcd":
            await rig.turn(rig.k(session), session)
        await rig.tick()
    return rig


async def give(rig: Rig, sessions: str) -> None:
    for session in sessions:
        await rig.turn(rig.k(session), session)


async def test_two_of_four_are_waited_for_until_one_of_them_has_come() -> None:
    rig = await four_that_keep_up()
    await give(rig, "ab")
    assert rig.core.patience_ns(rig.n) == GRACE_MS * MS
    await give(rig, "c")
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
