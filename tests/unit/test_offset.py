"""The offset of another host's clock: bounded by round trips, true under any delay and drift within its bound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.offset import PINGS, Offset

MS = 1_000_000
S = 1_000 * MS


def ping(offset: Offset, at_ns: int, ahead_ns: int, *, out_ns: int, back_ns: int) -> None:
    """A ping whose answer the peer, `ahead_ns` before us, gives after `out_ns`."""
    theirs_ns = at_ns + out_ns + ahead_ns
    offset.answered(sent_ns=at_ns, theirs_ns=theirs_ns, heard_ns=at_ns + out_ns + back_ns)


@given(
    ahead=st.integers(-(10**15), 10**15),
    ppm=st.integers(-190, 190),
    delays=st.lists(st.tuples(st.integers(0, 50 * MS), st.integers(0, 50 * MS)), min_size=1, max_size=2 * PINGS),
)
def test_the_truth_is_within_the_bound_whatever_the_delays_and_drift(
    ahead: int, ppm: int, delays: list[tuple[int, int]]
) -> None:
    offset, now_ns = Offset(), 0
    for at, (out_ns, back_ns) in enumerate(delays):
        at_ns = at * S // 4
        ping(offset, at_ns, ahead + (at_ns + out_ns) * ppm // 1_000_000, out_ns=out_ns, back_ns=back_ns)
        now_ns = at_ns + out_ns + back_ns
    truth_ns = ahead + now_ns * ppm // 1_000_000
    found = offset.estimate
    # a delay that differs from way to way is drifted through too, by some nanoseconds
    assert abs(found.offset_ns - truth_ns) <= found.error_ns + 50 * MS * 200 // 1_000_000


def test_the_shortest_round_trip_speaks_and_its_half_is_the_bound() -> None:
    offset = Offset()
    ping(offset, 0, 3 * S, out_ns=40 * MS, back_ns=2 * MS)
    ping(offset, S // 4, 3 * S, out_ns=MS // 2, back_ns=MS // 2)
    ping(offset, S // 2, 3 * S, out_ns=2 * MS, back_ns=40 * MS)
    assert offset.estimate.offset_ns == 3 * S
    assert MS // 2 <= offset.estimate.error_ns < MS
    assert offset.ours(offset.theirs(5 * S)) == 5 * S
    assert offset.ours(10 * S) == 7 * S


def test_clocks_that_may_be_one_are_taken_as_one() -> None:
    offset = Offset()
    ping(offset, 0, 0, out_ns=MS, back_ns=3 * MS)
    assert offset.estimate.offset_ns == 0
    assert offset.estimate.error_ns == 3 * MS  # the middle is 1 ms off


def test_an_old_ping_gives_way_to_a_fresh_one_so_that_drift_is_followed() -> None:
    offset = Offset()
    ping(offset, 0, S, out_ns=0, back_ns=0)
    for at in range(1, 41):  # ten seconds at 100 ppm, each round trip a millisecond
        ping(offset, at * S // 4, S + at * S // 4 // 10_000, out_ns=MS // 2, back_ns=MS // 2)
    assert abs(offset.estimate.offset_ns - (S + MS)) < MS // 4
    assert offset.estimate.error_ns < MS


def test_no_time_stays_no_time() -> None:
    offset = Offset()
    ping(offset, 0, S, out_ns=0, back_ns=0)
    assert (offset.ours(0), offset.theirs(0)) == (0, 0)


def test_before_an_answer_nothing_is_known_and_an_answer_before_its_ping_is_refused() -> None:
    offset = Offset()
    assert not offset.known
    with pytest.raises(LookupError, match="no ping was answered"):
        offset.ours(1)
    with pytest.raises(ValueError, match="sent_ns: 2 is after"):
        offset.answered(sent_ns=2, theirs_ns=0, heard_ns=1)
