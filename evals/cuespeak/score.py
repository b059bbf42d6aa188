"""CueSpeak-style: is the answer said within 1.5 s of each cue, once, while the user talks on, and nothing else?"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence

from evals.items import Item, Outcome, Said
from evals.matching import match, voiced
from evals.windows import judge_windows, summary_of

SILENT_WITHIN_S = 1.0


def judge(item: Item, said: Sequence[Said]) -> Outcome:
    """errors_s are lags after the end of a cue. Adds f1, median lag and recovery: silent again within 1 s."""
    outcome = judge_windows(item, said, centred=False)
    measures = dict(outcome.measures)
    precision, recall = measures.get("precision"), measures.get("recall")
    if recall is not None:
        measures["f1"] = 2 * precision * recall / (precision + recall) if precision and recall else 0.0
    if outcome.errors_s:
        measures["lag_median_s"] = round(statistics.median(outcome.errors_s), 3)
        measures["recovered"] = _recovered(item, said)
    return dataclasses.replace(outcome, measures=measures)


def _recovered(item: Item, said: Sequence[Said]) -> float:
    """Share of the answers after which nothing is begun between 1 s after their onset and the next cue."""
    hits = [onset for onset in match(item.expect, said).hits if onset is not None]
    onsets = [each.onset_s for each in voiced(said)]
    cues = [due.from_s for due in item.expect]
    quiet = 0
    for onset in hits:
        until = min((cue for cue in cues if cue > onset), default=item.duration_s)
        quiet += not any(onset + SILENT_WITHIN_S < other < until for other in onsets)
    return quiet / len(hits)


def summary(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """The figures of a run; "score" is 0 to 100."""
    lags = [lag for each in outcomes for lag in each.errors_s]
    found = summary_of(outcomes)
    return found | {"lag_median_s": statistics.median(lags)} if lags else found
