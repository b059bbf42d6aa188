"""A machine is calibrated by ticks of at most eight sessions; what lies above is predicted, then compared."""

from __future__ import annotations

import json
import random
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import typer

from actors.plan_fit import fitted
from cluster.planning.fit import Bracket, Fit, MeasuredRow, Tick, bracket, fit

RECORDED = Path(__file__).parents[1] / "plans"
BASE_S, EACH_S, PASS_S, TOKEN_S = 0.004, 0.0015, 0.012, 0.0005
AROUND_S = 0.005
SCALE_S = 0.03  # a tick of this cost is off by `noise_s` at most, others by the root of theirs to it
SPEAKS, WORDS = 0.1, 2  # one micro-turn of ten emits two tokens


def granted(sessions: int) -> int:
    """What a scheduler that knows the costs grants: all three passes, or two, within 80 % of 140 ms, else one."""
    first_s, further_s = BASE_S + EACH_S * sessions, PASS_S + TOKEN_S * sessions
    room_s = 0.112 + AROUND_S
    three_s = first_s + 2 * further_s
    if three_s + 0.8 * 0.004 * (three_s / SCALE_S) ** 0.5 <= room_s:
        return 3
    return 2 if first_s + further_s <= room_s else 1


def tick(draw: random.Random, sessions: int, noise_s: float = 0.004) -> Tick:
    """One tick of a machine whose costs are known."""
    speakers = sum(draw.random() < SPEAKS for _ in range(sessions))
    passes = min(1 + WORDS * (speakers > 0), granted(sessions))
    total_s = BASE_S + EACH_S * sessions + PASS_S * (passes - 1) + TOKEN_S * WORDS * speakers
    return Tick(
        sessions=sessions,
        passes=passes,
        tokens=WORDS * speakers,
        engine_s=total_s - AROUND_S,
        total_s=total_s + draw.uniform(-noise_s, noise_s) * (total_s / SCALE_S) ** 0.5,
    )


def row(sessions: int, on_time: float = 1.0, rejected: int = 0, seed: int = 0, noise_s: float = 0.004) -> MeasuredRow:
    draw = random.Random(100 * seed + sessions)
    ticks = tuple(tick(draw, sessions, noise_s) for _ in range(300))
    spoke = sum(each.tokens for each in ticks) // WORDS
    tokens = {0: 300 * sessions - spoke, WORDS: spoke}
    return MeasuredRow(sessions=sessions, on_time_rate=on_time, rejected=rejected, ticks=ticks, tokens=tokens)


ROWS = [row(sessions) for sessions in (1, 2, 4, 6, 8)]


def test_the_costs_of_a_machine_are_found_again() -> None:
    found = fit([row(sessions, noise_s=0.0) for sessions in (1, 2, 4, 6, 8)])
    assert (found.base_s, found.each_s, found.pass_s, found.token_s) == pytest.approx(
        (BASE_S, EACH_S, PASS_S, TOKEN_S), abs=1e-6
    )
    assert found.speaking == pytest.approx(SPEAKS, abs=0.02)


@pytest.mark.parametrize("sessions", [8, 20, 30, 40, 60])
def test_passes_are_granted_as_the_scheduler_does(sessions: int) -> None:
    assert fit(ROWS).granted(sessions, 0.16) == granted(sessions)


def test_the_capacity_of_a_machine_is_predicted_from_few_sessions_where_further_passes_are_rare() -> None:
    draw, due_s = random.Random(7), 0.16

    def holds(sessions: int) -> bool:
        return sum(tick(draw, sessions).total_s <= due_s for _ in range(4000)) / 4000 >= 0.995

    true = max(sessions for sessions in range(40, 140) if holds(sessions))
    assert fit(ROWS).capacity(due_s) == pytest.approx(true, rel=0.05)


def test_a_reserve_is_kept_of_the_time_and_a_slow_machine_has_room_for_none() -> None:
    found = fit(ROWS)
    assert 0 < found.capacity(0.16, reserve=0.25) < found.capacity(0.16)
    assert found.capacity(0.004) == 0


def test_what_is_on_time_is_counted_over_all_that_sessions_may_say() -> None:
    """Two sessions that emit no, one or two tokens: nine cases by hand."""
    says, off = (0.7, 0.2, 0.1), (-0.03, 0.0, 0.07)
    found = Fit(
        **{"base_s": 0.01, "each_s": 0.02, "pass_s": 0.03, "token_s": 0.004},
        around_s=1.0,  # room for all passes
        off_T=np.array(off),
        says_K=np.array(says),
    )
    for due_s in (0.04, 0.05, 0.1, 0.13, 0.2):
        share = 0.0
        for (one, p), (other, q), stray in product(enumerate(says), enumerate(says), off):
            cost_s = 0.01 + 2 * 0.02 + 0.03 * max(one, other) + 0.004 * (one + other)
            share += p * q / 3 * (cost_s + stray * cost_s**0.5 <= due_s + 1e-12)
        assert found.on_time(2, due_s + 1e-12) == pytest.approx(share)


def test_a_stall_of_the_machine_does_not_change_what_a_session_costs() -> None:
    stalled = tuple(Tick(sessions=8, passes=1, tokens=0, engine_s=0.9, total_s=0.9) for _ in range(3))
    rows = [*ROWS[:-1], MeasuredRow(sessions=8, on_time_rate=1.0, ticks=ROWS[-1].ticks + stalled, tokens={0: 1})]
    assert fit(rows).each_s == pytest.approx(fit(ROWS).each_s, rel=0.03)


def test_rows_above_eight_sessions_and_late_ones_are_not_looked_at() -> None:
    assert fit([*ROWS, row(16, seed=3), row(7, on_time=0.9, seed=4)]).each_s == fit(ROWS).each_s


def test_what_tells_no_cost_is_refused() -> None:
    with pytest.raises(ValueError, match="three numbers of sessions up to 8 that were on time, got \\[4, 8\\]"):
        fit([row(4), row(8), row(8, seed=1), row(2, rejected=1), row(16), MeasuredRow(sessions=1, on_time_rate=1.0)])
    with pytest.raises(ValueError, match="nobody spoke"):
        quiet = Tick(sessions=1, passes=1, tokens=0, engine_s=0.02, total_s=0.02)
        fit([MeasuredRow(sessions=n, on_time_rate=1.0, ticks=(quiet,), tokens={0: 1}) for n in (1, 2, 4)])
    with pytest.raises(ValueError, match="does not grow"):
        shrinking = {1: 0.03, 2: 0.02, 4: 0.01}
        fit(
            [
                MeasuredRow(
                    sessions=n,
                    on_time_rate=1.0,
                    ticks=tuple(
                        Tick(sessions=n, passes=1 + words, tokens=words, engine_s=s, total_s=s) for words in (0, 1)
                    ),
                    tokens={0: 1, 1: 1},
                )
                for n, s in shrinking.items()
            ]
        )


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
    measured = bracket([MeasuredRow(sessions=n, on_time_rate=rate) for n, rate in rates.items()])
    assert measured == found
    assert measured.error(12) == (None if error is None else pytest.approx(error))


def test_where_sessions_were_refused_the_clock_was_not_measured() -> None:
    found = bracket([row(8), row(9, on_time=0.9, rejected=1)])
    assert found.refused
    assert found.error(8) is None


def test_the_capacity_of_a_recorded_machine_is_predicted_within_15_percent() -> None:
    """Two threads of one core carried 16 sessions where the host left them alone; 17 were 99.4 % on time."""
    told = fitted(RECORDED / "two-cores.json")
    assert told["between"] == [16, 17]
    assert (told["predicted"], told["measured"]) == (18, 16)
    assert abs(told["error"]) <= 0.15



def test_a_file_that_cannot_be_fitted_says_what_makes_one(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    path.write_text(json.dumps({"machine": {"cpu": "x", "cores": 2}, "rows": []}))
    with pytest.raises(typer.BadParameter, match="bench --only capacity"):
        fitted(path)
    with pytest.raises(typer.BadParameter, match="No such file"):
        fitted(tmp_path / "nothing.json")
