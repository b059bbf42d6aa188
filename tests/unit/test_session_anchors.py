"""When an anchor is begun and how much of the tail it keeps."""

from __future__ import annotations

from dataclasses import replace

from cluster.session.context import Context, open_context, plan_anchor
from cluster.session.limits import CheckpointLimits
from cluster.types import ContextTurn, MicroTurn

LIMITS = CheckpointLimits(window=16, anchor_from=10)


def with_tail(count: int) -> Context:
    tail = tuple(ContextTurn(turn=MicroTurn(k=k)) for k in range(count))
    return replace(open_context(0, 1, ()), build=None, tail=tail)


def test_it_is_begun_by_a_grant_once_the_tail_is_long_enough() -> None:
    assert plan_anchor(with_tail(9), LIMITS, granted=4).build is None
    assert plan_anchor(with_tail(30), LIMITS, granted=0).build is None
    build = plan_anchor(with_tail(10), LIMITS, granted=4).build
    assert build is not None
    assert (build.slot, build.tail_from_k) == (1, 2)


def test_new_instructions_begin_one_by_themselves() -> None:
    changed = replace(with_tail(3), wanted_prefix=(7,))
    build = plan_anchor(changed, LIMITS, granted=0).build
    assert build is not None
    assert (build.prefix, build.tail_from_k) == ((7,), 0)


def test_a_tail_that_has_outgrown_its_window_keeps_a_quarter_of_it() -> None:
    first_kept = {}
    for count in (16, 17):
        build = plan_anchor(with_tail(count), LIMITS, granted=1).build
        assert build is not None
        first_kept[count] = count - build.tail_from_k
    assert first_kept == {16: 8, 17: 4}


def test_where_no_grant_is_asked_for_it_begins_at_seven_eighths_as_old_histories_tell() -> None:
    old = CheckpointLimits(window=16)
    assert plan_anchor(with_tail(13), old, granted=5).build is None
    assert plan_anchor(with_tail(14), old, granted=0).build is not None
