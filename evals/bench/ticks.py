"""What single ticks of a run were like, and which micro-turns of it the machine's host left alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import compress

from cluster.types import ModelEvent
from counterpoint.client.events import Turn
from evals.bench.host import Host
from evals.bench.sessions import MS, Load, Outcome

BEFORE_NS = 400_000_000  # what was taken during the two ticks before still makes this one late
LITTLE_S = 0.02  # of CPU time may be taken of a micro-turn that counts as left alone
FEW = 0.2  # of a span's micro-turns; with fewer that were left alone it is not judged
CONTROLS = frozenset(ModelEvent)  # events that are tokens


def undisturbed(outcomes: Sequence[Outcome], host: Host) -> list[Outcome]:
    """The same without micro-turns from which the host took more than LITTLE_S between BEFORE_NS before the cutoff and
    the time they were due. What it took later made nothing late, so whether one counts does not go by when it came.
    """

    def alone(turn: Turn) -> bool:
        return host.took_s(turn.entry.cutoff_ns - BEFORE_NS, turn.entry.due_ns) <= LITTLE_S

    return [replace(each, turns=[turn for turn in each.turns if alone(turn)]) for each in outcomes]


def share_on_time(part: Load, outcomes: Sequence[Outcome], calm: Sequence[Outcome]) -> float | None:
    """Of the micro-turns of a span that were left alone; what never came, and all of a session that was refused or
    failed, is missed. None where fewer than FEW of them were left alone.
    """
    whole = [not (each.rejected or each.failed) for each in outcomes]
    due = len(part.span) * len(outcomes)
    absent = due - sum(len(each.turns) for each in compress(within(part, outcomes), whole))
    counted = [turn for each in compress(within(part, calm), whole) for turn in each.turns]
    if len(counted) < FEW * due and all(whole):
        return None
    return round(sum(not turn.entry.missed for turn in counted) / (len(counted) + absent), 5)


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


def tokens(outcomes: Iterable[Outcome]) -> Counter[str]:
    """How many micro-turns emitted how many tokens."""
    found: Counter[int] = Counter()
    for outcome in outcomes:
        counts = emitted_by_turn(outcome)
        found.update(counts[turn.k] for turn in outcome.turns)
    return Counter({str(count): times for count, times in found.items()})


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
