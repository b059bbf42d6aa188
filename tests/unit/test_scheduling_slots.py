"""Slots: a fixed limit, two a session, none shared."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.errors import Rejected
from cluster.scheduling.slots import SlotPool


def test_a_refusal_names_the_limit_that_binds_and_when_to_try_again() -> None:
    pool = SlotPool(num_slots=8, max_sessions=1)
    pool.take("a")
    with pytest.raises(Rejected, match=r"scheduler\.max_sessions: all 1 are taken") as refused:
        pool.take("b")
    assert refused.value.retry_after_ms > 0
    few = SlotPool(num_slots=3, max_sessions=9)
    few.take("a")
    with pytest.raises(Rejected, match=r"engine\.num_slots"):
        few.check_room()


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), max_size=80))
def test_no_slot_is_ever_held_twice(actions: list[int]) -> None:
    pool, held = SlotPool(num_slots=9, max_sessions=4), dict[str, tuple[int, int]]()
    for action in actions:
        session = f"s{action}"
        if session in held:
            assert pool.give(session) == held.pop(session)
        elif len(held) < 4:
            held[session] = pool.take(session)
        else:
            with pytest.raises(Rejected):
                pool.take(session)
        slots = [slot for pair in held.values() for slot in pair]
        assert len(slots) == len(set(slots))
        assert len(pool) == len(held)


def test_a_session_that_holds_slots_is_given_no_others() -> None:
    pool = SlotPool(num_slots=8, max_sessions=4)
    pair = pool.take("a")
    with pytest.raises(ValueError, match="session a: holds slots already"):
        pool.take("a")
    assert pool.give("a") == pair
    assert [pool.take(session) for session in "bcd"] == [(2, 3), (4, 5), (6, 7)]
