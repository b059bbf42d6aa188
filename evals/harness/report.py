"""`out/eval/NAME.json`, field by field as DESIGN.md section 13 names them. Pure."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.bench.rows import percentiles
from evals.harness import refusal
from evals.harness.intervals import bootstrap_mean
from evals.harness.names import Named
from evals.harness.realtime import Live
from evals.harness.scoring import Scored, by_seconds, by_tag, scored
from evals.harness.sets import EvalSet


@dataclass(slots=True, kw_only=True)
class Findings:
    """Everything measured. live: the sessions behind `realtime`. zeroed_spoke: outputs with weights of zero."""

    lockstep: Scored
    controls: dict[str, Scored] = field(default_factory=dict)
    floors: dict[str, Scored] = field(default_factory=dict)
    baselines: dict[str, Scored] = field(default_factory=dict)
    realtime: Scored | None = None
    replay: Scored | None = None
    live: Sequence[Live] = ()
    zeroed_spoke: int = 0
    cascade: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)  # what was not measured, and how to get it


def report(name: Named, eval_set: EvalSet, found: Findings) -> dict[str, Any]:
    best = found.realtime or found.lockstep
    refused = refusal.reasons(
        model=found.lockstep.score,
        controls={each: scored.score for each, scored in found.controls.items()},
        floors={each: scored.score for each, scored in found.floors.items()},
        zeroed_spoke=found.zeroed_spoke,
        cascade_items=len(found.controls[refusal.CASCADE].outcomes) if refusal.CASCADE in found.controls else 0,
        cascade_wanted=min(refusal.CASCADE_ITEMS, len(eval_set.items)),
    )
    return {
        "name": name.name,
        "refused": refused,
        "missing": found.missing,
        "set": {
            "sha256": eval_set.sha256,
            "items": len(eval_set.items),
            "split": eval_set.split,
            "known": eval_set.known,
            "negatives": sum(not (item.expect or name.speaks(item)) for item in eval_set.items),
        },
        "lockstep": found.lockstep.as_json(),
        "realtime": found.realtime.as_json() if found.realtime else None,
        "replay": found.replay.as_json() if found.replay else None,
        "cluster": _cluster(name, found),
        "blind_floors": _scores(found.floors),
        "sighted_baselines": _scores(found.baselines),
        "controls": _scores(found.controls),
        "intervals": {
            group: {each: scored.ci95 for each, scored in members.items()}
            for group, members in (
                ("blind_floors", found.floors),
                ("sighted_baselines", found.baselines),
                ("controls", found.controls),
            )
        },
        "false_alarms_per_min": best.alarms_per_min,
        "latency_ms": percentiles([ms for live in found.live for ms in live.latency_ms]),
        "onset_error_s": _errors(best),
        "by_voice": by_tag(name, best.outcomes, "voice"),
        "by_family": by_tag(name, best.outcomes, "family"),
        "by_engine": by_tag(name, best.outcomes, "engine"),
        "by_n": by_seconds(name, found.lockstep.outcomes),
        "metrics": dict(best.metrics) | (_dialogue(best) if name.name == "dialogue" else {}),
        "cascade": dict(found.cascade),
        "versions": dict(found.versions),
    }


def _scores(members: Mapping[str, Scored]) -> dict[str, float]:
    return {each: scored.score for each, scored in members.items()}


def _cluster(name: Named, found: Findings) -> dict[str, Any] | None:
    """The cluster's own score: what the same items lose on the way from the virtual clock to a served session."""
    if found.realtime is None:
        return None
    lockstep = {each.id: each for each in found.lockstep.outcomes}
    pairs = [(each, lockstep[each.id]) for each in found.realtime.outcomes]
    same = scored(name, [twin for _, twin in pairs])
    turns = sum(live.turns for live in found.live)
    missed = sum(live.missed for live in found.live)
    return {
        "lockstep_same_items": same.score,
        "difference": round(same.score - found.realtime.score, 2),
        "difference_ci95": bootstrap_mean([100 * (twin.score - each.score) for each, twin in pairs]),
        "sessions_failed": sum(bool(live.failed) for live in found.live),
        "errors": sorted({live.failed[:200] for live in found.live if live.failed}),
        "micro_turns": turns,
        "on_time_rate": round(1 - missed / turns, 5) if turns else None,
        "longest_miss_run": max((live.longest_miss_run for live in found.live), default=0),
        "timing": dict(sum((live.timing for live in found.live), Counter())),
        "degradations": dict(sum((live.degradations for live in found.live), Counter())),
        "dropped_ms": sum(live.dropped_ms for live in found.live),
    }


def _errors(best: Scored) -> dict[str, float | None]:
    errors = [error for outcome in best.outcomes for error in outcome.errors_s]
    found = percentiles([abs(error) for error in errors])
    return {**found, "median_signed": round(statistics.median(errors), 3) if errors else None}


def _dialogue(best: Scored) -> dict[str, Any]:
    """answer_onset_ms: signed, from the end of the question. A count that never stopped is 5 s, and counted apart."""

    def values(measure: str) -> list[float]:
        return [each.measures[measure] for each in best.outcomes if measure in each.measures]

    ignored, given = sum(values("backchannels_ignored")), sum(values("backchannels"))
    stops = values("stop_ms")
    return {
        "answer_onset_ms": _spread(values("answer_onset_ms"), (50, 90, 99)),
        "stop_ms": {**_spread(stops, (50, 95)), "items": len(stops), "never": int(sum(values("never_stops")))},
        "backchannels_ignored": round(100 * ignored / given, 2) if given else None,
    }


def _spread(values: Sequence[float], percents: Sequence[int]) -> dict[str, float | None]:
    if not values:
        return {f"p{percent}": None for percent in percents}
    ordered = sorted(values)
    return {f"p{percent}": ordered[max(0, -(-len(ordered) * percent // 100) - 1)] for percent in percents}
