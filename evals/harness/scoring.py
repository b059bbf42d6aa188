"""One way of answering a set, scored: its figures with their intervals, recorded people apart, and the same by tag.
Pure.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evals.booth import is_recorded
from evals.harness.intervals import Interval, bootstrap_each, bootstrap_mean
from evals.harness.names import Named
from evals.items import Item, Outcome, Said

# Families whose `n` is the interval all their answers are due by. Elsewhere it is what has passed ("since"), how far to
# count (dialogue), an interval taken back before anything was due, or the second of two ("changed").
_INTERVALS = {"timespeak": ("every", "in", "ended")}


_GOLDEN = 0.6180339887  # steps of it fall evenly between those before, however many are taken
ALARMS = "false_alarms_per_min"
ROUNDS = 300  # of a bootstrap that has to work out all figures of a set again


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """score: 0 to 100. intervals: of the figures in `metrics`. Where engines ask and people, all of it is of the
    engines' items, and `recorded` of the others.
    """

    outcomes: tuple[Outcome, ...]
    score: float
    ci95: Interval | None
    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval]
    recorded: Scored | None = None

    def as_json(self) -> dict[str, Any]:
        return {"score": self.score, "ci95": self.ci95, "items": len(self.outcomes)}

    @property
    def everything(self) -> tuple[Outcome, ...]:
        """Of every item that was answered, whoever asked."""
        return (*self.outcomes, *(self.recorded.outcomes if self.recorded else ()))


def score(name: Named, items: Sequence[Item], said: Mapping[str, Sequence[Said]]) -> Scored:
    """said: by item, as it was heard. An item without an entry was answered by nothing."""
    outcomes = [name.judge(item, said.get(item.id, ())) for item in items]
    people = [each for each in outcomes if by_people(each)]
    engines = [each for each in outcomes if not by_people(each)]
    if not (engines and people):
        return scored(name, outcomes)
    return replace(scored(name, engines), recorded=scored(name, people))


def by_people(outcome: Outcome) -> bool:
    return is_recorded(outcome.tags.get("voice", ""))


def scored(name: Named, outcomes: Sequence[Outcome]) -> Scored:
    """All outcomes alike."""
    found = figures(name, outcomes)
    intervals = bootstrap_each(outcomes, lambda drawn: figures(name, drawn), rounds=ROUNDS)
    plain = 100 * statistics.fmean(each.score for each in outcomes) if outcomes else 0.0
    if outcomes and abs(plain - found["score"]) < 1e-9:  # a mean, whose interval costs nothing
        intervals["score"] = bootstrap_mean([100 * each.score for each in outcomes]) or intervals["score"]
    return Scored(
        outcomes=tuple(outcomes),
        score=round(found["score"], 2),
        ci95=intervals.get("score"),
        metrics={key: round(float(value), 3) for key, value in found.items()},
        intervals={key: intervals[key] for key in found if key in intervals},
    )


def figures(name: Named, outcomes: Sequence[Outcome]) -> dict[str, float]:
    """What the set tells of a run, and false alarms a minute."""
    minutes = sum(each.seconds for each in outcomes) / 60
    alarms = sum(each.alarms for each in outcomes) / minutes if minutes else 0.0
    return {**name.metrics(outcomes), ALARMS: alarms}


def by_tag(name: Named, outcomes: Sequence[Outcome], tag: str) -> dict[str, float]:
    """The score of the items of each value of a tag."""
    values = sorted({each.tags[tag] for each in outcomes if tag in each.tags})
    groups = {value: [each for each in outcomes if each.tags.get(tag) == value] for value in values}
    return {value: round(name.metrics(group)["score"], 2) for value, group in groups.items()}


def by_seconds(name: Named, outcomes: Sequence[Outcome]) -> dict[str, dict[str, float | int | None]]:
    """For items that ask for one interval of N seconds: score and error of the onset by N."""
    families = _INTERVALS.get(name.name, ())
    asked = [each for each in outcomes if each.tags.get("family") in families and "n" in each.tags]
    rows = {}
    for n in sorted({float(each.tags["n"]) for each in asked}):
        group = [each for each in asked if float(each.tags["n"]) == n]
        errors = [error for each in group for error in each.errors_s]
        rows[f"{n:g}"] = {
            "items": len(group),
            "score": round(100 * statistics.fmean(each.score for each in group), 2),
            "median_error_s": round(statistics.median(errors), 3) if errors else None,
            "median_abs_error_s": round(statistics.median(map(abs, errors)), 3) if errors else None,
        }
    return rows


def sample(items: Sequence[Item], count: int) -> list[Item]:
    """About as many of each family and voice as there are in the set, the same ones every time; what a smaller sample
    has a larger one has too, so that ways of answering that had samples of different sizes can be compared.
    """
    ordered = sorted(items, key=lambda item: (item.tags.get("family", ""), item.tags.get("voice", ""), item.id))
    chosen, steps = set[int](), itertools.count(0.5)
    while len(chosen) < min(count, len(ordered)):
        chosen.add(int(len(ordered) * (next(steps) * _GOLDEN % 1.0)))
    return [ordered[place] for place in sorted(chosen)]
