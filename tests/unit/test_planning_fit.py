"""A machine is calibrated by rows of at most eight sessions; what lies above is predicted, then compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from actors.plan_fit import fitted
from cluster.planning.fit import Bracket, Fit, MeasuredRow, bracket, fit

RECORDED = Path(__file__).parents[1] / "plans"


def row(sessions: int, p90_ms: float, p99_ms: float = 0.0, on_time: float = 1.0, rejected: int = 0) -> MeasuredRow:
    p99_ms = p99_ms or p90_ms + 20
    return MeasuredRow(
        sessions=sessions, p90_s=p90_ms / 1e3, p99_s=p99_ms / 1e3, on_time_rate=on_time, rejected=rejected
    )


def test_a_line_is_found_again_and_ends_where_results_are_due() -> None:
    line = fit([row(n, 30 + 4 * n) for n in (1, 2, 4, 6, 8)])
    assert (line.base_s, line.each_s, line.blocking_s) == pytest.approx((0.030, 0.004, 0.020))
    assert line.capacity(0.160) == 27  # 30 + 4 · 27 + 20 ms
    assert line.capacity(0.160, reserve=0.25) == 17


def test_a_stall_in_one_row_moves_nothing() -> None:
    rows = [row(n, 30 + 4 * n) for n in (1, 2, 4, 6)]
    assert fit([*rows, row(8, 62, p99_ms=900)]) == fit([*rows, row(8, 62)])


def test_rows_above_eight_sessions_are_not_looked_at() -> None:
    rows = [row(n, 30 + 4 * n) for n in (1, 4, 8)]
    assert fit([*rows, row(16, 900), row(32, 5)]) == fit(rows)


def test_what_no_line_can_be_drawn_through_is_refused() -> None:
    with pytest.raises(ValueError, match="three numbers of sessions up to 8, got \\[4, 8\\]"):
        fit([row(4, 10), row(8, 20), row(8, 21), row(2, 15, rejected=1), row(16, 30)])
    with pytest.raises(ValueError, match="does not grow"):
        fit([row(1, 20), row(4, 20), row(8, 10)])


def test_a_machine_too_slow_for_one_session_has_room_for_none() -> None:
    assert Fit(base_s=0.2, each_s=0.01, blocking_s=0.0).capacity(0.16) == 0


@pytest.mark.parametrize(
    ("rates", "found", "error"),
    [
        ({8: 1.0, 14: 1.0, 15: 0.99, 16: 0.9}, Bracket(held=14, late=15, refused=False), -2 / 14),
        ({8: 1.0, 16: 0.9}, Bracket(held=8, late=16, refused=False), 4 / 8),
        ({10: 1.0, 18: 0.9}, Bracket(held=10, late=18, refused=False), -5 / 17),
        ({6: 0.98, 8: 0.996, 9: 0.9}, Bracket(held=8, late=9, refused=False), 4 / 8),  # a stall, and it held above
        ({8: 1.0, 48: 1.0}, Bracket(held=48, late=None, refused=False), None),
        ({1: 0.5, 2: 0.4}, Bracket(held=0, late=1, refused=False), None),
    ],
)
def test_a_prediction_of_twelve_is_judged_by_the_worst_capacity_the_rows_allow(
    rates: dict[int, float], found: Bracket, error: float | None
) -> None:
    measured = bracket([row(n, 50, on_time=rate) for n, rate in rates.items()])
    assert measured == found
    assert measured.error(12) == (None if error is None else pytest.approx(error))


def test_where_sessions_were_refused_the_clock_was_not_measured() -> None:
    found = bracket([row(8, 50), row(9, 50, on_time=0.9, rejected=1)])
    assert found.refused
    assert found.error(8) is None


def test_a_recorded_run_is_predicted_within_15_percent() -> None:
    told = fitted(RECORDED / "two-cores.json")
    assert told["between"] == [8, 10]
    assert told["error"] is not None
    assert abs(told["error"]) <= 0.15


def test_a_file_that_cannot_be_fitted_says_what_makes_one(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    path.write_text(json.dumps({"machine": {"cpu": "x", "cores": 2}, "rows": []}))
    with pytest.raises(typer.BadParameter, match="bench --only capacity"):
        fitted(path)
    with pytest.raises(typer.BadParameter, match="No such file"):
        fitted(tmp_path / "nothing.json")
