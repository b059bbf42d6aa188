"""One way of answering a set, scored: the number, its interval, its alarms, and the same by tag. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.harness.intervals import Interval, bootstrap, bootstrap_mean
from evals.harness.names import Named
from evals.items import Item, Outcome, Said

# Families whose `n` is the interval all their answers are due by. Elsewhere it is what has passed ("since"), how far to
# count (dialogue), an interval taken back before anything was due, or the second of two ("changed").
_INTERVALS = {"timespeak": ("every", "in", "ended")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """score: 0 to 100."""

    outcomes: tuple[Outcome, ...]
    score: float
    ci95: Interval | None
    metrics: Mapping[str, float]

    def as_json(self) -> dict[str, Any]:
        return {"score": self.score, "ci95": self.ci95, "items": len(self.outcomes)}

    @property
    def alarms_per_min(self) -> float:
        minutes = sum(each.seconds for each in self.outcomes) / 60
        return round(sum(each.alarms for each in self.outcomes) / minutes, 3) if minutes else 0.0


def score(name: Named, items: Sequence[Item], said: Mapping[str, Sequence[Said]]) -> Scored:
    """said: by item, as it was heard. An item without an entry was answered by nothing."""
    return scored(name, [name.judge(item, said.get(item.id, ())) for item in items])


def scored(name: Named, outcomes: Sequence[Outcome]) -> Scored:
    metrics = name.metrics(outcomes)
    plain = 100 * statistics.fmean(each.score for each in outcomes) if outcomes else 0.0
    if abs(plain - metrics["score"]) < 1e-9:
        interval = bootstrap_mean([100 * each.score for each in outcomes])
    else:  # a set whose score is not the mean over its items
        interval = bootstrap(outcomes, lambda drawn: name.metrics(drawn)["score"], rounds=300)
    rounded = {key: round(float(value), 3) for key, value in metrics.items()}
    return Scored(outcomes=tuple(outcomes), score=round(metrics["score"], 2), ci95=interval, metrics=rounded)


def by_tag(name: Named, outcomes: Sequence[Outcome], tag: str) -> dict[str, float]:
    """The score of the items of each value of a tag."""
    values = sorted({each.tags[tag] for each in outcomes if tag in each.tags})
    groups = {value: [each for each in outcomes if each.tags.get(tag) == value] for value in values}
    return {value: round(name.metrics(group)["score"], 2) for value, group in groups.items()}


def by_seconds(name: Named, outcomes: Sequence[Outcome]) -> dict[str, dict[str, float | int | None]]:
    """For items that ask for one interval of N seconds: score and error of the onset by N."""
    asked = [each for each in outcomes if each.tags.get("family") in _INTERVALS.get(name.name, ())]
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
    """About as many of each family and voice as there are in the set, the same ones every time."""
    ordered = sorted(items, key=lambda item: (item.tags.get("family", ""), item.tags.get("voice", ""), item.id))
    if count >= len(ordered):
        return ordered
    step = len(ordered) / count
    return [ordered[int(step * index + step / 2)] for index in range(count)]
