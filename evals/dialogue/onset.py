"""Where the time between the end of a question and its answer goes: parts that add up to the onset. Pure.

An answer is heard in the slot of the micro-turn that emitted it. Until then lie what is left of the micro-turn in which
the question ended, its cutoff and due time, which nobody can save, and the micro-turns in which the model waited.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

from cluster.types import MICRO_TURN_MS
from evals.items import Outcome, Said
from evals.matching import voiced

PARTS = {
    "rest": "rest of the micro-turn in which the question ended",
    "jitter": "jitter margin J",
    "due": "due time D",
    "waited": "micro-turns until it began to answer",
    "late": "result later than due",
    "voice": "voice, until the first word sounds",
}


def of(said: Sequence[Said], first_s: float, end_s: float) -> dict[str, float]:
    """answer_onset_ms of the answer that begins at `first_s`, and its parts where its micro-turn is known. Signed: who
    answers too early waited less than nothing.
    """
    total = round(1000 * (first_s - end_s), 1)
    by = next((each.emitted for each in voiced(said) if each.onset_s == first_s), None)
    if by is None:
        return {"answer_onset_ms": total}
    ended_in = math.ceil(round(1000 * end_s, 3) / MICRO_TURN_MS) - 1
    found = {
        "rest": round(MICRO_TURN_MS * (ended_in + 1) - 1000 * end_s, 1),
        "jitter": by.jitter_ms,
        "due": by.due_ms,
        "waited": MICRO_TURN_MS * (by.k - ended_in),
        "late": round(by.late_ms, 1),
    }
    found["voice"] = round(total - sum(found.values()), 1)
    return {"answer_onset_ms": total, **{_measure(part): float(ms) for part, ms in found.items()}}


def told(outcomes: Sequence[Outcome]) -> dict[str, Any] | None:
    """Of all answers. Means add up by themselves; of medians, `left_over` is what they miss the median onset by."""
    answers = [each.measures for each in outcomes if _measure("rest") in each.measures]
    if not answers:
        return None
    rows = {part: _middle([each[_measure(part)] for each in answers]) for part in PARTS}
    onset = _middle([each["answer_onset_ms"] for each in answers])
    left_over = onset["median"] - sum(row["median"] for row in rows.values())
    return {"items": len(answers), "onset_ms": onset, "parts_ms": rows, "left_over_ms": round(left_over, 1)}


def _middle(values: Sequence[float]) -> dict[str, float]:
    return {"median": round(statistics.median(values), 1), "mean": round(statistics.fmean(values), 1)}


def _measure(part: str) -> str:
    return f"onset_{part}_ms"
