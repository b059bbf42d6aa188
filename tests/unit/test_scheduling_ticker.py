"""The tick clock: boundaries, overruns, where sessions begin."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.scheduling.ticker import Ticker

P = 200_000_000
MS = 1_000_000
TIMES = st.integers(-(10**12), 10**15)


@settings(deadline=None)
@given(zero=TIMES, now=TIMES)
def test_the_first_tick_at_a_time_is_the_earliest_that_does_not_start_before_it(zero: int, now: int) -> None:
    ticker = Ticker(zero_ns=zero)
    n = ticker.first_at(now)
    assert ticker.start_ns(n - 1) < now <= ticker.start_ns(n)


@pytest.mark.parametrize(
    ("done_ns", "following", "skipped"),
    [(5 * P + MS, 6, 0), (6 * P, 6, 0), (6 * P + 1, 7, 1), (9 * P + 1, 10, 4)],
)
def test_an_overrun_costs_the_ticks_it_covered_and_the_next_starts_at_a_boundary(
    done_ns: int, following: int, skipped: int
) -> None:
    assert Ticker(zero_ns=0).after(5, done_ns) == (following, skipped)


@settings(deadline=None)
@given(zero=TIMES, now=TIMES, lead_ms=st.integers(0, 5_000), jitter_ms=st.integers(0, 100))
def test_media_time_begins_after_the_lead_and_micro_turn_0_ends_a_jitter_before_its_tick(
    zero: int, now: int, lead_ms: int, jitter_ms: int
) -> None:
    ticker = Ticker(zero_ns=zero)
    n0, epoch_ns = ticker.place(now + lead_ms * MS, jitter_ms=jitter_ms)
    assert epoch_ns + P + jitter_ms * MS == ticker.start_ns(n0)
    assert now + lead_ms * MS <= epoch_ns < now + lead_ms * MS + P
    assert ticker.n0_of(epoch_ns, jitter_ms=jitter_ms) == n0


def test_another_scheduler_of_the_phase_group_finds_the_same_boundaries() -> None:
    one, other = Ticker(zero_ns=7), Ticker(zero_ns=7 + 40 * P)
    n0, epoch_ns = one.place(11 * P, jitter_ms=30)
    assert other.n0_of(epoch_ns, jitter_ms=30) == n0 - 40


def test_a_session_of_another_phase_group_is_refused() -> None:
    with pytest.raises(ValueError, match=r"media_epoch_ns: .* off the boundaries"):
        Ticker(zero_ns=0).n0_of(12_345, jitter_ms=30)
