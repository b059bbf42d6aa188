"""How the benchmark looks for the number of sessions at which a machine ends."""

from __future__ import annotations

import pytest

from cluster.planning.fit import MeasuredRow, bracket
from evals.bench.capacity import ATTEMPTS, FIT_COUNTS, STOLEN, capacity_rows, least_stolen
from evals.bench.rows import Row


def search(holds: int, most: int = 48) -> list[Row]:
    """The rows measured on a machine that carries `holds` sessions."""

    def measure(count: int) -> Row:
        return Row(what="counterpoint", sessions=count, latency_ms={}, on_time_rate=0.996 if count <= holds else 0.9)

    return list(capacity_rows(measure, most))


@pytest.mark.parametrize("holds", [0, 1, 3, 5, 7, 8, 9, 14, 23, 31, 47])
def test_it_ends_with_the_last_that_held_beside_the_first_that_was_late(holds: int) -> None:
    rows = search(holds)
    found = bracket(
        [MeasuredRow(sessions=row.sessions, on_time_rate=row.on_time_rate or 0) for row in rows]
    )
    assert (found.held, found.late) == (holds, holds + 1)
    assert found.error(holds) == (0.0 if holds else None)
    assert [row.sessions for row in rows[: len(FIT_COUNTS)]] == list(FIT_COUNTS)
    assert len(rows) <= len(FIT_COUNTS) + 9


def test_it_gives_up_where_it_was_told_to() -> None:
    assert [row.sessions for row in search(100)] == [*FIT_COUNTS, 12, 18, 27, 40, 48]


def again(*stolen: float) -> Row:
    """The row kept where a run after the other had so much taken from it; the first was on time least often."""
    left = iter(enumerate(stolen))

    def measure() -> Row:
        rate, share = next(left)
        return Row(what="counterpoint", sessions=3, latency_ms={}, on_time_rate=rate / 10, stolen=share)

    return least_stolen(measure)


def test_a_row_that_the_host_left_alone_is_measured_once() -> None:
    assert (again(STOLEN).attempts, again(STOLEN).stolen) == (1, STOLEN)


def test_a_row_that_the_host_took_from_is_measured_again_and_the_least_taken_is_kept_not_the_most_on_time() -> None:
    kept = again(0.2, 0.01, 0.0)
    assert (kept.attempts, kept.stolen) == (2, 0.01)
    kept = again(0.2, 0.1, 0.3, 0.4, 0.0)
    assert (kept.attempts, kept.stolen, kept.on_time_rate) == (ATTEMPTS, 0.1, 0.1)
