"""How many sessions this machine carries: rows up to eight to calibrate the planner by, then where it ends.

What `counterpoint plan --fit` reads. A rented machine's host takes some of its time away for milliseconds, in stretches
of minutes, and what is late then tells of the host: 13 sessions missed nothing in 143 ticks that were left alone and
1.2 % of the others. So only micro-turns that were left alone are counted, on both sides of the comparison, and a row
says which share of all they are; one with too few is measured again. It is three spans of each run, and on time is the
middle one of all spans: what stalls inside one of them, and has nothing to do with their number, does not decide.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean, median

from cluster.planning.fit import FIT_UP_TO, ON_TIME
from cluster.types import ModelEvent
from counterpoint.client.events import Turn
from evals.bench.host import Host, watched
from evals.bench.machine import cost_of, spent
from evals.bench.rows import Row
from evals.bench.sessions import MS, Load, Outcome, run, summarise

FIT_COUNTS = (1, 2, 4, 6, FIT_UP_TO)
SPANS = 3
BEFORE_NS = 200_000_000  # what was taken during the tick before makes this one late
LITTLE_S = 0.02  # of CPU time may be taken of a tick that counts as left alone
ENOUGH = 30  # ticks of all sessions that were left alone; a row with fewer is measured again
FEW_TURNS = 10  # of a session, in a span that is judged
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One run of a load. row: of all that happened. alone: share of micro-turns that the host left alone; the rest is
    of these: on time by span, where a span has enough of them, and single ticks as `ticks` gives them.
    """

    row: Row
    alone: float
    spans: list[float]
    ticks: list[tuple[int, int, float, float]]


def left_alone(measure: Callable[[], Attempt]) -> Row:
    """Measures until ENOUGH ticks were left alone, ATTEMPTS times at most; one row of all runs.

    Where not one span was left alone for long enough, on time is that of all that happened, and `alone` says so.
    """
    attempts = [measure()]
    while sum(len(each.ticks) for each in attempts) < ENOUGH and len(attempts) < ATTEMPTS:
        attempts.append(measure())
    spans = [rate for each in attempts for rate in each.spans]
    best = max(attempts, key=lambda each: each.alone)
    said: Counter[str] = Counter()
    for each in attempts:
        said.update(each.row.extra["tokens"])
    extra = {
        **best.row.extra,
        "on_time_spans": spans,
        "on_time_of_all": [each.row.on_time_rate for each in attempts],
        "ticks": [tick for each in attempts for tick in each.ticks],
        "tokens": dict(said),
    }
    return replace(
        best.row,
        on_time_rate=median(spans) if spans else best.row.on_time_rate,
        runs=SPANS * len(attempts),
        attempts=len(attempts),
        alone=round(mean(each.alone for each in attempts), 4),
        stolen=round(mean(each.row.stolen for each in attempts), 4),
        extra=extra,
    )


def measure_spans(load: Load, pids: Mapping[str, int], runner: asyncio.Runner) -> Attempt:
    """One run of `load`."""
    before, began = cost_of(dict(pids)), time.monotonic()
    outcomes, host = runner.run(_watched(load))
    cores_s = (time.monotonic() - began) * (os.cpu_count() or 1)
    cpu, rss = spent(before, cost_of(dict(pids)))
    calm = undisturbed(outcomes, host)
    row = summarise("counterpoint", load, outcomes)
    count = sum(len(outcome.turns) for outcome in outcomes)
    return Attempt(
        row=replace(
            row,
            cpu_s_per_actor=cpu,
            rss_mb_per_actor=rss,
            stolen=host.took_s(host.at_ns[0], host.at_ns[-1]) / cores_s,
            extra={**row.extra, "tokens": tokens(outcomes)},
        ),
        alone=sum(len(outcome.turns) for outcome in calm) / count if count else 0.0,
        spans=[rate for part in parts(load) if (rate := share_on_time(part, outcomes, calm)) is not None],
        ticks=ticks(calm),
    )


async def _watched(load: Load) -> tuple[list[Outcome], Host]:
    async with watched() as host:
        return await run(load), host


def parts(load: Load) -> Iterator[Load]:
    """The spans of a run, as loads."""
    for i in range(SPANS):
        yield replace(load, warm_up_s=load.warm_up_s + i * load.seconds / SPANS, seconds=load.seconds / SPANS)


def undisturbed(outcomes: Sequence[Outcome], host: Host) -> list[Outcome]:
    """The same without micro-turns of ticks from which the host took more than LITTLE_S between BEFORE_NS before the
    first cutoff and the last result.
    """
    ends: dict[int, tuple[int, int]] = {}
    for turn in (turn for outcome in outcomes for turn in outcome.turns):
        start, end = ends.get(turn.message.tick, (turn.entry.cutoff_ns, 0))
        ends[turn.message.tick] = min(start, turn.entry.cutoff_ns), max(end, turn.entry.received_ns)
    calm = {tick for tick, (start, end) in ends.items() if host.took_s(start - BEFORE_NS, end) <= LITTLE_S}
    return [replace(each, turns=[turn for turn in each.turns if turn.message.tick in calm]) for each in outcomes]


def share_on_time(part: Load, outcomes: Sequence[Outcome], calm: Sequence[Outcome]) -> float | None:
    """Of the micro-turns of a span that were left alone; what never came is missed. None where a session has less than
    FEW_TURNS of them.
    """
    absent = len(part.span) * len(outcomes) - sum(len(each.turns) for each in within(part, outcomes))
    turns = [turn for each in within(part, calm) for turn in each.turns]
    if len(turns) < FEW_TURNS * len(outcomes) and not absent:
        return None
    return round(sum(not turn.entry.missed for turn in turns) / (len(turns) + absent), 5)


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
