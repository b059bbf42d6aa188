"""Pairs are wanted and given up by what sessions feel, and never in a hurry."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.scheduling.scaling import PairLoad, S, Scaling, ScalingRules, decide

RULES = ScalingRules(fewest=1, most=4)
CALM = PairLoad(sessions=10, places=20, headroom=0.6, kv_full_s=math.inf, queue_age_s=0.002, late=0.0)
PRESSED = {
    "refused": replace(CALM, refused=1),
    "places": replace(CALM, sessions=17),
    "lateness": replace(CALM, late=0.02),
    "kv_full": replace(CALM, kv_full_s=60.0),
    "queue_age": replace(CALM, queue_age_s=0.08),
    "headroom": replace(CALM, headroom=0.05),
}


def after(seconds: float, state: Scaling, *pairs: PairLoad, rules: ScalingRules = RULES, every: float = 5.0) -> Scaling:
    """The same loads read again and again; the first reading is at 1 s."""
    for step in range(int(seconds / every) + 1):
        state = decide(rules, pairs, state, int((1 + step * every) * S))
    return state


@pytest.mark.parametrize("why", PRESSED)
def test_each_signal_alone_asks_for_a_pair_once_it_has_lasted(why: str) -> None:
    assert after(5, Scaling(wanted=1), PRESSED[why]).wanted == 1
    asked = after(10, Scaling(wanted=1), PRESSED[why])
    assert (asked.wanted, asked.why) == (2, why)


def test_a_signal_that_comes_and_goes_asks_for_nothing() -> None:
    state = Scaling(wanted=1)
    for step in range(20):
        state = decide(RULES, [PRESSED["lateness"] if step % 2 else CALM], state, (1 + 5 * step) * S)
    assert state.wanted == 1


def test_no_further_pair_is_wished_for_while_one_has_not_come() -> None:
    assert after(600, Scaling(wanted=1), PRESSED["places"]).wanted == 2


def test_a_crowd_asks_for_as_many_as_it_fills_and_never_for_more_than_there_may_be() -> None:
    crowd = replace(CALM, sessions=20, places=4)
    assert after(10, Scaling(wanted=1), crowd).wanted == 4


def test_a_wish_that_is_not_needed_any_more_is_taken_back() -> None:
    asked = after(10, Scaling(wanted=1), PRESSED["places"])
    assert after(0, asked, CALM).wanted == 1


def test_a_pair_goes_only_after_long_without_need_of_it() -> None:
    idle = replace(CALM, sessions=2)
    assert after(295, Scaling(wanted=2), idle, idle).wanted == 2
    gone = after(300, Scaling(wanted=2), idle, idle)
    assert (gone.wanted, gone.why) == (1, "spare")


@pytest.mark.parametrize("why", [why for why in PRESSED if why != "places"])
def test_no_pair_goes_while_any_signal_is_bad(why: str) -> None:
    idle = replace(CALM, sessions=0)
    assert after(3_000, Scaling(wanted=2), idle, replace(PRESSED[why], sessions=0)).wanted >= 2


def test_the_fewest_stay_however_idle() -> None:
    assert after(3_000, Scaling(wanted=1), replace(CALM, sessions=0)).wanted == 1


def test_nothing_is_decided_of_pairs_nobody_can_see() -> None:
    assert decide(RULES, [], Scaling(wanted=2), S) == Scaling(wanted=2)


@given(st.integers(0, 20), st.integers(1, 4))
def test_what_goes_is_not_asked_for_again_by_the_same_sessions(sessions: int, pairs: int) -> None:
    """Else a node would come and go for ever."""
    loads = [replace(CALM, sessions=sessions)] * pairs
    fewer = after(300, Scaling(wanted=pairs), *loads)
    if fewer.wanted < pairs:
        left = [replace(CALM, sessions=math.ceil(sessions * pairs / fewer.wanted))] * fewer.wanted
        assert after(60, replace(fewer), *left).wanted == fewer.wanted
