"""How many sessions this machine carries: rows up to eight to calibrate the planner by, then where it ends.

What `counterpoint plan --fit` reads. A rented machine's host takes some of its time away for milliseconds, in stretches
of minutes, and what is late then tells of the host. So what is on time and what a tick costs is told of micro-turns
that were left alone, and a row says which share of all they are; one with too few is measured again. It is three spans
of each run, and on time is the middle one of all spans: what stalls inside one of them, and has nothing to do with the
number of sessions, does not decide.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean, median

from cluster.planning.fit import FIT_UP_TO, ON_TIME
from evals.bench.host import Host, watched
from evals.bench.machine import cost_of, spent
from evals.bench.rows import Row
from evals.bench.sessions import Load, Outcome, run, summarise
from evals.bench.ticks import share_on_time, ticks, tokens, undisturbed

FIT_COUNTS = (1, 2, 4, 6, FIT_UP_TO)
SPANS = 3
ENOUGH = 30  # ticks of all sessions that were left alone; a row with fewer is measured again
ATTEMPTS = 4
MOST = 48  # sessions at which the search gives up


def capacity_rows(measure: Callable[[int], Row], most: int) -> Iterator[Row]:
    """Rows of FIT_COUNTS; upwards by half until one is late, or `most` was on time; then between the two by halves."""
    held, late = 0, most + 1
    for count in FIT_COUNTS:
        row = measure(count)
        yield row
        held = count if on_time(row) else held
    if held < FIT_UP_TO:  # it ends among these
        late = min(count for count in FIT_COUNTS if count > held)
    while late - held > 1:
        count = min(held + max(1, held // 2), most) if late > most else (held + late) // 2
        row = measure(count)
        yield row
        held, late = (count, late) if on_time(row) else (held, count)


def on_time(row: Row) -> bool:
    return row.on_time_rate is not None and row.on_time_rate >= ON_TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One run of a load. row: of all that happened. alone: share of micro-turns that the host left alone; the rest is
    of these: on time by span, where a span has enough of them, single ticks as `ticks` gives them, and micro-turns by
    the tokens that they emitted.
    """

    row: Row
    alone: float
    spans: list[float]
    ticks: list[tuple[int, int, float, float]]
    tokens: Counter[str]

    @property
    def spoilt(self) -> bool:
        """A session was refused or failed: another run would not tell more of the host."""
        return bool(self.row.rejected or self.row.failed)


def left_alone(measure: Callable[[], Attempt]) -> Row:
    """Measures until ENOUGH ticks were left alone, ATTEMPTS times at most; one row of all runs.

    Its latencies and costs are of the whole run from which least was taken. On time is None where not one span of any
    run was left alone for long enough.
    """
    attempts = [measure()]
    while _more(attempts):
        attempts.append(measure())
    spans = [rate for each in attempts for rate in each.spans]
    best = max(attempts, key=lambda each: each.alone)
    extra = {
        **best.row.extra,
        "on_time_spans": spans,
        "on_time_of_all": [each.row.on_time_rate for each in attempts],
        "ticks": [tick for each in attempts for tick in each.ticks],
        "tokens": dict(sum((each.tokens for each in attempts), Counter())),
    }
    return replace(
        best.row,
        on_time_rate=median(spans) if spans else None,
        runs=len(spans),
        attempts=len(attempts),
        rejected=max(each.row.rejected for each in attempts),
        failed=max(each.row.failed for each in attempts),
        alone=round(mean(each.alone for each in attempts), 4),
        stolen=round(mean(each.row.stolen or 0.0 for each in attempts), 4),
        extra=extra,
    )


def _more(attempts: Sequence[Attempt]) -> bool:
    if len(attempts) == ATTEMPTS or attempts[-1].spoilt or max(each.alone for each in attempts) == 1:
        return False
    return sum(len(each.ticks) for each in attempts) < ENOUGH


def measure_spans(load: Load, pids: Mapping[str, int], runner: asyncio.Runner) -> Attempt:
    """One run of `load`."""
    before, began = cost_of(dict(pids)), time.monotonic()
    outcomes, host = runner.run(_watched(load))
    cores_s = (time.monotonic() - began) * (os.cpu_count() or 1)
    cpu, rss = spent(before, cost_of(dict(pids)))
    calm = undisturbed(outcomes, host)
    count = sum(len(outcome.turns) for outcome in outcomes)
    return Attempt(
        row=replace(
            summarise("counterpoint", load, outcomes),
            cpu_s_per_actor=cpu,
            rss_mb_per_actor=rss,
            stolen=host.took_s(host.at_ns[0], host.at_ns[-1]) / cores_s,
        ),
        alone=sum(len(outcome.turns) for outcome in calm) / count if count else 0.0,
        spans=[rate for part in parts(load) if (rate := share_on_time(part, outcomes, calm)) is not None],
        ticks=ticks(calm),
        tokens=tokens(calm),
    )


async def _watched(load: Load) -> tuple[list[Outcome], Host]:
    async with watched() as host:
        return await run(load), host


def parts(load: Load) -> Iterator[Load]:
    """The spans of a run, as loads."""
    for i in range(SPANS):
        yield replace(load, warm_up_s=load.warm_up_s + i * load.seconds / SPANS, seconds=load.seconds / SPANS)
