"""How the benchmark looks for the number of sessions at which a machine ends."""

from __future__ import annotations

import pytest

from cluster.planning.fit import MeasuredRow, bracket
from evals.bench.capacity import FIT_COUNTS, capacity_rows
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
