"""Charades-style: how well the time between "start" and "stop" covers the time in which the action was seen.

Both are unions of intervals, so that an action that comes twice must be called twice. The headline is strict: a start
that is never stopped covers nothing. Soft: it runs to the end of the clip. Without the action, silence is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from evals.items import Item, Outcome, Said, mean
from evals.matching import voiced

TWO_TICKS_S = 0.4
Interval = tuple[float, float]


def judge(item: Item, said: Sequence[Said]) -> Outcome:
    truth, (strict, soft, strays) = intervals_due(item), called(said, item.duration_s)
    if not truth:
        spoken = len(voiced(said))
        false_start = float(bool(soft))
        return Outcome.of(item, float(spoken == 0), spoken, (), {"absent": 1.0, "false_start": false_start})
    iou = overlap(truth, strict)
    early = [(max(0.0, start - TWO_TICKS_S), max(0.0, stop - TWO_TICKS_S)) for start, stop in strict]
    starts, stops = _lags(truth, soft, 0), _lags(truth, strict, 1)
    measures = {
        "iou_strict": iou,
        "iou_soft": overlap(truth, soft),
        "iou_lag_corrected": overlap(truth, early),
        **{f"recall_{level}": float(iou >= level) for level in (0.3, 0.5, 0.7)},
    }
    if starts:
        measures["start_lag_s"] = sum(starts) / len(starts)
    if stops:
        measures["stop_lag_s"] = sum(stops) / len(stops)
    alarms = strays + sum(not any(_common(each, due) for due in truth) for each in soft)
    return Outcome.of(item, iou, alarms, (*starts, *stops), measures)


def intervals_due(item: Item) -> list[Interval]:
    at = [due.from_s for due in item.expect]
    return list(zip(at[::2], at[1::2], strict=True))


def called(said: Sequence[Said], end_s: float) -> tuple[list[Interval], list[Interval], int]:
    """Intervals that were closed; those and the open one up to `end_s`; outputs that belong to none.

    A second start while one is open changes nothing, nor does a stop without a start: both are strays.
    """
    closed, begun, strays = [], None, 0
    words = [(each.onset_s, word) for each in voiced(said) for word in each.text.lower().split()]
    for onset, word in words:
        if word == "start" and begun is None:
            begun = onset
        elif word == "stop" and begun is not None:
            closed.append((begun, onset))
            begun = None
        else:
            strays += 1
    return closed, closed if begun is None else [*closed, (begun, max(begun, end_s))], strays


def overlap(a: Sequence[Interval], b: Sequence[Interval]) -> float:
    """Intersection over union of two unions of intervals, in time. 0 where one of them is empty."""
    edges = sorted({edge for interval in (*a, *b) for edge in interval})
    both = either = 0.0
    for start, stop in pairwise(edges):
        middle = (start + stop) / 2
        inside = [any(low <= middle < high for low, high in side) for side in (a, b)]
        both += (stop - start) * all(inside)
        either += (stop - start) * any(inside)
    return both / either if either else 0.0


def summary(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """score: strict IoU with absent clips (right when silent). miou_…, recall_…: clips with the action. In per cent."""
    found = {"score": 100 * mean([each.score for each in outcomes])}
    for name in ("iou_strict", "iou_soft", "iou_lag_corrected", "recall_0.3", "recall_0.5", "recall_0.7"):
        values = [each.measures[name] for each in outcomes if name in each.measures]
        found[name if name.startswith("recall") else f"m{name}"] = 100 * mean(values)
    for name in ("start_lag_s", "stop_lag_s"):
        values = sorted(each.measures[name] for each in outcomes if name in each.measures)
        if values:
            found[f"{name[:-2]}_median_s"] = values[len(values) // 2]
    absent = [each.measures["false_start"] for each in outcomes if "absent" in each.measures]
    found["false_start_rate"] = 100 * mean(absent)
    return found


def _lags(truth: Sequence[Interval], found: Sequence[Interval], edge: int) -> list[float]:
    """Signed, for each call that overlaps an action."""
    lags = []
    for due in truth:
        best = max(found, key=lambda each: _common(each, due), default=None)
        if best is not None and _common(best, due) > 0:
            lags.append(round(best[edge] - due[edge], 3))
    return lags


def _common(a: Interval, b: Interval) -> float:
    return max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
