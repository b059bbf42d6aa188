"""The figures of a whole run on the dialogue set. Pure.

answer_onset is signed and only of turns that were taken, so the share of turns taken, of negative onsets and the false
starts stand beside it. stop is right-censored, so the share that never stops stands beside it. A figure for which there
was nothing to count is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evals.items import Outcome
from evals.windows import summary_of


def summary(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Shares are 0 to 100; "score" is that of the items that are right."""
    onset_ms, stop_ms = _all(outcomes, "answer_onset_ms"), _all(outcomes, "stop_ms")
    asked = [each for each in outcomes if "false_starts" in each.measures]
    found = summary_of(outcomes)
    for name, values, marks in (("answer_onset_ms", onset_ms, (50, 90, 99)), ("stop_ms", stop_ms, (50, 95))):
        found |= {f"{name} p{mark}": float(np.percentile(values, mark)) for mark in marks if values}
    shares = {
        "turns taken": (sum(_all(outcomes, "took_turn")), len(_all(outcomes, "took_turn"))),
        "answers that begin too early": (sum(ms < 0 for ms in onset_ms), len(onset_ms)),
        "held the floor": (sum(_all(outcomes, "held_the_floor")), len(_all(outcomes, "held_the_floor"))),
        "stopped within 1 s": (sum(ms <= 1000 for ms in stop_ms), len(stop_ms)),
        "never stopped": (sum(_all(outcomes, "never_stops")), len(stop_ms)),
        "backchannels ignored": (sum(_all(outcomes, "backchannels_ignored")), sum(_all(outcomes, "backchannels"))),
        "went on": (sum(_all(outcomes, "went_on")), len(_all(outcomes, "went_on"))),
        "takeover": (sum(each > 0 for each in _all(outcomes, "takeovers")), len(_all(outcomes, "takeovers"))),
        "spoke when not addressed": (sum(_all(outcomes, "spoke")), len(_all(outcomes, "spoke"))),
    }
    found |= {name: 100 * part / whole for name, (part, whole) in shares.items() if whole}
    for name, measure in (("spill_s", "spill_s"), ("backchannels a minute", "backchannels_per_min")):
        if values := _all(outcomes, measure):
            found[name] = sum(values) / len(values)
    if asked:
        minutes = sum(each.seconds for each in asked) / 60
        found["false starts a minute"] = sum(each.measures["false_starts"] for each in asked) / minutes
    return found


def _all(outcomes: Sequence[Outcome], name: str) -> list[float]:
    return [each.measures[name] for each in outcomes if name in each.measures]
