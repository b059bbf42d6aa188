"""Calibrate to one machine by single ticks: what a tick costs by what was done in it, and how often sessions speak.

A tick costs a pass over the input of all its sessions, and a further pass for each token of the session that says most
(DESIGN.md section 3: C(n), row by row). Few sessions seldom speak at once and many nearly always do, so a line through
the latencies of few would be too steep for many. What is measured of one session, how many tokens its micro-turns have,
tells how many passes a tick of n has; what a pass and a row cost is measured too. Of further passes only so many are
run as the scheduler grants (`cluster.scheduling.planner`), so a full tick is shorter than all that was to be said. What
single ticks lie above or below their cost (the machine, anchors) is the sum of what its many parts do, each by itself,
so it grows as the root of the cost, and is otherwise as often so with many sessions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cluster.runtime_contract import SchedulerConfig

FIT_UP_TO = 8  # sessions; what lies above is predicted and compared
ON_TIME = 0.995
LEAST_S = 1e-4  # of a tick, whatever a line says where it was not measured
MOST = 256  # sessions at which the search gives up
_ROUNDS = 30  # of reweighting

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """tokens: emitted by all sessions together. engine_s: of the step. total_s: from the cutoff to the last result at a
    client.
    """

    sessions: int
    passes: int
    tokens: int
    engine_s: float
    total_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRow:
    """Live sessions for a while. rejected: sessions that were not let in. tokens: micro-turns by tokens emitted."""

    sessions: int
    on_time_rate: float
    rejected: int = 0
    ticks: tuple[Tick, ...] = ()
    tokens: Mapping[int, int] | None = None

    @property
    def held(self) -> bool:
        return self.on_time_rate >= ON_TIME and not self.rejected


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Seconds: of every tick, of a session in it, of a further pass, of a token in that; of what is not the engine's.

    off_T: how far single ticks were off, over the root of their cost, sorted. says_K: how likely a micro-turn emits 0,
    1, … tokens.
    """

    base_s: float
    each_s: float
    pass_s: float
    token_s: float
    around_s: float
    off_T: Floats
    says_K: Floats

    def cost_s(self, sessions: int, passes: int, tokens_N: Floats | Ints) -> Floats:
        cost_N = self.base_s + self.each_s * sessions + self.pass_s * (passes - 1) + self.token_s * tokens_N
        return np.maximum(cost_N, LEAST_S)

    def on_time(self, sessions: int, due_s: float, reserve: float = 0.0) -> float:
        """The share of ticks of so many sessions whose last result leaves within (1 - reserve) of the time it has,
        over all that they may say.
        """
        share, granted = 0.0, self.granted(sessions, due_s)
        before_N = np.zeros(1 + sessions * (len(self.says_K) - 1))  # by tokens in all, of sessions that say less
        for most in range(len(self.says_K)):
            said_N = _together(self.says_K[: most + 1], sessions)
            said_N = np.pad(said_N, (0, len(before_N) - len(said_N)))
            cost_N = self.cost_s(sessions, min(1 + most, granted), np.arange(len(before_N)))
            spare_N = ((1 - reserve) * due_s - cost_N) / np.sqrt(cost_N)
            share += float((said_N - before_N) @ np.searchsorted(self.off_T, spare_N, side="right"))
            before_N = said_N
        return share / len(self.off_T)

    def granted(self, sessions: int, due_s: float) -> int:
        """Passes that the scheduler grants: all that are usual, two while a usual tick has room for them, else one."""
        rules = SchedulerConfig(tick_zero_ns=0, engine_epoch=0, num_slots=0, max_sessions=0, due_ms=round(1e3 * due_s))
        room_s = rules.engine_budget_ns / 1e9 + self.around_s
        slow = float(np.quantile(self.off_T, 0.9))
        everybody = np.array([sessions])
        for passes in range(len(self.says_K), 2, -1):
            cost_s = self.cost_s(sessions, passes, (passes - 1) * everybody)[0]
            if cost_s + slow * np.sqrt(cost_s) <= room_s:
                return passes
        return 2 if self.cost_s(sessions, 2, everybody)[0] <= room_s else 1

    def capacity(self, due_s: float, reserve: float = 0.0) -> int:
        """Most sessions of which ON_TIME leaves within that time; MOST at most."""
        low, high = 0, MOST + 1
        while high - low > 1:
            middle = (low + high) // 2
            held = self.on_time(middle, due_s, reserve) >= ON_TIME
            low, high = (middle, high) if held else (low, middle)
        return low

    @cached_property
    def speaking(self) -> float:
        """The share of micro-turns that emit anything."""
        return float(1 - self.says_K[0])


def fit(rows: Sequence[MeasuredRow]) -> Fit:
    """From rows of at most FIT_UP_TO sessions that were on time; a late row tells what catching up costs, not a tick.

    Raises ValueError where they tell no cost: too few, without ticks, nobody spoke, or it does not grow with sessions.
    """
    known = [row for row in rows if row.sessions <= FIT_UP_TO and row.held]
    counts = sorted({row.sessions for row in known if row.ticks})
    if len(counts) < 3:
        wanted = f"single ticks of three numbers of sessions up to {FIT_UP_TO} that were on time"
        raise ValueError(f"rows: need {wanted}, got {counts}")
    ticks = [tick for row in known for tick in row.ticks]
    if not any(tick.tokens for tick in ticks):
        raise ValueError("rows: nobody spoke, so what a further pass costs is not known")
    done_TC = np.array([[1, tick.sessions, tick.passes - 1, tick.tokens] for tick in ticks], np.float64)
    total_T = np.array([tick.total_s for tick in ticks])
    cost_C = middle_line(done_TC, total_T)
    if cost_C[1] <= 0:
        raise ValueError("rows: the cost does not grow with the sessions; measure longer or on a quieter machine")
    cost_C[2:] = np.maximum(cost_C[2:], 0.0)  # of a pass and a token
    cost_T = np.maximum(done_TC @ cost_C, LEAST_S)
    base, each, further, token = (float(cost) for cost in cost_C)
    return Fit(
        base_s=base,
        each_s=each,
        pass_s=further,
        token_s=token,
        around_s=float(np.median([tick.total_s - tick.engine_s for tick in ticks])),
        off_T=np.sort((total_T - cost_T) / np.sqrt(cost_T)),
        says_K=_shares(known),
    )


def middle_line(done_TC: Floats, total_T: Floats) -> Floats:
    """Least absolute deviations by reweighting: one stall of the machine bends nothing. [C]."""
    weight_T = np.ones(len(total_T))
    for _ in range(_ROUNDS):
        root_T1 = np.sqrt(weight_T)[:, None]
        cost_C = np.linalg.lstsq(done_TC * root_T1, total_T * root_T1[:, 0], rcond=None)[0]
        weight_T = 1 / np.maximum(np.abs(total_T - done_TC @ cost_C), 1e-5)
    return np.asarray(cost_C, np.float64)


def _together(says_K: Floats, sessions: int) -> Floats:
    """How likely so many sessions emit 0, 1, … tokens in all: says_K folded with itself."""
    found_N, power_N = np.ones(1), says_K
    while sessions:
        if sessions & 1:
            found_N = np.convolve(found_N, power_N)
        power_N, sessions = np.convolve(power_N, power_N), sessions >> 1
    return found_N


def _shares(rows: Sequence[MeasuredRow]) -> Floats:
    most = max((count for row in rows for count in row.tokens or {}), default=0)
    found_K = np.zeros(most + 1)
    for row in rows:
        for count, times in (row.tokens or {}).items():
            found_K[count] += times
    return found_K / found_K.sum()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """held: most sessions that were on time; late: fewest above it that were not, None where all measured were."""

    held: int
    late: int | None
    refused: bool  # what bound was admission, not the clock

    def error(self, predicted: int) -> float | None:
        """Relative; the worst of all capacities that the rows allow. None where they tell no capacity."""
        if self.late is None or self.refused or not self.held:
            return None
        return max((predicted / true - 1 for true in (self.held, self.late - 1)), key=abs)


def bracket(rows: Sequence[MeasuredRow]) -> Bracket:
    """Where capacity lies by what was measured. A number measured twice counts as held if it held once."""
    held = max((row.sessions for row in rows if row.held), default=0)
    above = [row for row in rows if row.sessions > held]
    first = min(above, key=lambda row: row.sessions, default=None)
    return Bracket(held=held, late=first and first.sessions, refused=bool(first and first.rejected))
