"""How many sessions this machine carries: rows up to eight to calibrate the planner by, then where it ends.

What `counterpoint plan --fit` reads. A row is three spans of one run, and on time is the middle one of them: a stall
of the machine inside one span, which has nothing to do with the number of sessions, does not decide. On a rented
machine a host may take a tenth of its time away for minutes; a row measured meanwhile tells of the host, so it is
measured again, and what is kept is the run from which least was taken, whatever it showed.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median

from cluster.planning.fit import FIT_UP_TO, ON_TIME
from cluster.types import ModelEvent
from counterpoint.client.events import Turn
from evals.bench.machine import cost_of, spent, stolen_s
from evals.bench.rows import Row
from evals.bench.sessions import MS, Load, Outcome, on_time_rate, run, summarise

FIT_COUNTS = (1, 2, 4, 6, FIT_UP_TO)
SPANS = 3
STOLEN = 0.03  # of the machine's time; a row from which more was taken is measured again
ATTEMPTS = 4
CONTROLS = frozenset(ModelEvent)  # events that are tokens
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


def least_stolen(measure: Callable[[], Row]) -> Row:
    """Measures until the host left a run alone, ATTEMPTS times at most; the row from which least was taken."""
    rows = [measure()]
    while rows[-1].stolen > STOLEN and len(rows) < ATTEMPTS:
        rows.append(measure())
    return replace(min(rows, key=lambda row: row.stolen), attempts=len(rows))


def measure_spans(load: Load, pids: Mapping[str, int], runner: asyncio.Runner) -> Row:
    """One run of `load` as one row: latencies of the whole, on time of the middle span."""
    before, taken, began = cost_of(dict(pids)), stolen_s(), time.monotonic()
    outcomes = runner.run(run(load))
    stolen = (stolen_s() - taken) / (time.monotonic() - began) / (os.cpu_count() or 1)
    cpu, rss = spent(before, cost_of(dict(pids)))
    parts = (
        replace(load, warm_up_s=load.warm_up_s + i * load.seconds / SPANS, seconds=load.seconds / SPANS)
        for i in range(SPANS)
    )
    rates = [on_time_rate(part, within(part, outcomes)) for part in parts]
    row = summarise("counterpoint", load, outcomes)
    extra = {"on_time_spans": rates, "ticks": ticks(outcomes), "tokens": tokens(outcomes), **row.extra}
    return replace(
        row,
        on_time_rate=median(rates),
        runs=SPANS,
        cpu_s_per_actor=cpu,
        rss_mb_per_actor=rss,
        stolen=round(stolen, 4),
        extra=extra,
    )


def ticks(outcomes: Sequence[Outcome]) -> list[tuple[int, int, float, float]]:
    """Passes, tokens emitted, ms of the engine and from the cutoff to the last result, of each tick that is in every
    session's span.

    Sessions begin one after the other: in other ticks somebody speaks who is not measured.
    """
    shared: dict[int, list[Turn]] = defaultdict(list)
    emitted: Counter[int] = Counter()
    for outcome in outcomes:
        counts = emitted_by_turn(outcome)
        for turn in outcome.turns:
            if turn.entry.timing != "skipped":
                shared[turn.message.tick].append(turn)
                emitted[turn.message.tick] += counts[turn.k]
    return [
        (
            max(turn.message.stages.passes for turn in turns),
            emitted[tick],
            max(turn.message.stages.engine_us for turn in turns) / 1e3,
            round(max(turn.entry.received_ns - turn.entry.cutoff_ns for turn in turns) * MS, 2),
        )
        for tick, turns in sorted(shared.items())
        if len(turns) == len(outcomes)
    ]


def tokens(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many micro-turns emitted how many tokens."""
    found: Counter[int] = Counter()
    for outcome in outcomes:
        counts = emitted_by_turn(outcome)
        found.update(counts[turn.k] for turn in outcome.turns)
    return {str(count): found[count] for count in sorted(found)}


def emitted_by_turn(outcome: Outcome) -> Counter[int]:
    """Words, which may be heard later than they were emitted, and the control tokens of the model."""
    counts: Counter[int] = Counter()
    for turn in outcome.turns:
        counts.update(text.k for text in turn.message.text)
        counts[turn.k] += sum(event.kind in CONTROLS for event in turn.message.events)
    return counts


def within(load: Load, outcomes: Iterable[Outcome]) -> list[Outcome]:
    """The same outcomes with the micro-turns of this span only."""
    return [replace(outcome, turns=[turn for turn in outcome.turns if turn.k in load.span]) for outcome in outcomes]
