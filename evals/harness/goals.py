"""What the shipped model is to reach on each set, and whether it does: by value, with its interval. Pure.

A goal is of voices that training never heard, in real time; recorded people stand apart. What is compared with a rival
is compared on the items that both answered. Nothing measured is nothing reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.harness.intervals import bootstrap_each
from evals.harness.names import Named
from evals.harness.scoring import ALARMS, ROUNDS, Scored, figures
from evals.items import Outcome

TWICE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """metric: one of `scoring.figures`. limit: the least it may be, or the most."""

    what: str
    metric: str
    limit: float
    at_least: bool = True
    unit: str = ""

    def reached(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


QUIET = Goal(what="false alarms a minute", metric=ALARMS, limit=0.2, at_least=False)
GOALS = {
    "timespeak": (Goal(what="strict score", metric="score", limit=90.0), QUIET),
    "cuespeak": (Goal(what="strict score", metric="score", limit=85.0), QUIET),
    "dialogue": (
        Goal(what="answer onset, median", metric="answer_onset_ms p50", limit=400.0, at_least=False, unit="ms"),
        Goal(what="stop on interruption, median", metric="stop_ms p50", limit=600.0, at_least=False, unit="ms"),
        Goal(what="stopped within 1 s", metric="stopped within 1 s", limit=95.0, unit="%"),
        Goal(what="backchannels ignored", metric="backchannels ignored", limit=95.0, unit="%"),
        QUIET,
    ),
    "repcount": (Goal(what="live F1", metric="live_f1", limit=85.0), QUIET),
    "charades": (Goal(what="mIoU", metric="miou_strict", limit=60.0), QUIET),
    "proactivevideoqa": (Goal(what="PAUC, guarded", metric="score", limit=50.0), QUIET),
}
# What floors, baselines and the cascade are compared by, where it is not the score.
HEADLINES = {"repcount": "live_f1", "charades": "miou_strict"}
# What stands beside: how much there was to measure, and what a floor reaches by the published rule.
BESIDE = {"dialogue": ("turns taken", "held the floor"), "repcount": ("off_by_one",)}


def headline(name: str) -> str:
    return HEADLINES.get(name, "score")


def measures(name: str) -> tuple[str, ...]:
    """The figures of a set that every way of answering it is told by."""
    wanted = (headline(name), *(goal.metric for goal in GOALS[name]), *BESIDE.get(name, ()))
    return tuple(dict.fromkeys(wanted))


def rows(
    name: Named,
    model: Scored,
    floors: Mapping[str, Scored],
    baselines: Mapping[str, Scored],
    cascade: Scored | None,
) -> list[dict[str, Any]]:
    """floors: everything that sees and hears nothing. `reached` is None where there was nothing to measure."""
    return [
        *(_row(goal, model) for goal in GOALS[name.name]),
        _against(name, "at least twice its best blind floor", model, floors, TWICE),
        _against(name, "above every sighted baseline", model, baselines),
        _against(name, "above the cascade", model, {"cascade": cascade} if cascade else {}),
    ]


def _row(goal: Goal, model: Scored) -> dict[str, Any]:
    value = model.metrics.get(goal.metric)
    return {
        "what": goal.what,
        "metric": goal.metric,
        "unit": goal.unit,
        "sign": ">=" if goal.at_least else "<=",
        "wanted": goal.limit,
        "value": value,
        "ci95": model.intervals.get(goal.metric),
        "reached": None if value is None else goal.reached(value),
    }


def _against(name: Named, what: str, model: Scored, rivals: Mapping[str, Scored], times: float = 1.0) -> dict[str, Any]:
    """ahead: by how much the model is more than `times` the best of its rivals; its interval is over pairs of items."""
    metric = headline(name.name)
    both = {rival: pairs for rival, scored in rivals.items() if (pairs := _pairs(model, scored))}
    theirs = {rival: figures(name, [each for _, each in pairs])[metric] for rival, pairs in both.items()}
    row = {"what": what, "metric": metric, "unit": "", "sign": ">=" if times > 1 else ">"}
    if not theirs:
        return row | dict.fromkeys(("wanted", "value", "ci95", "rival", "ahead", "ahead_ci95", "reached"))
    best = max(theirs, key=theirs.__getitem__)
    pairs, most = both[best], theirs[best]
    value = figures(name, [ours for ours, _ in pairs])[metric]

    def drawn(sample: Sequence[tuple[Outcome, Outcome]]) -> dict[str, float]:
        ours, theirs = (figures(name, [pair[side] for pair in sample])[metric] for side in (0, 1))
        return {"value": ours, "ahead": ours - times * theirs}

    intervals = bootstrap_each(pairs, drawn, rounds=ROUNDS)
    return row | {
        "wanted": round(times * most, 3),
        "value": round(value, 3),
        "ci95": intervals["value"],
        "rival": best,
        "ahead": round(value - times * most, 3),
        "ahead_ci95": intervals["ahead"],
        "reached": value >= times * most and value > most,
    }


def _pairs(model: Scored, rival: Scored) -> list[tuple[Outcome, Outcome]]:
    theirs = {each.id: each for each in rival.outcomes}
    return [(each, theirs[each.id]) for each in model.outcomes if each.id in theirs]
