"""`out/eval/NAME.json`, field by field as DESIGN.md section 13 names them, and what goals need beside. Pure."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.bench.machine import BUSY_LOAD
from evals.bench.rows import percentiles
from evals.dialogue import onset
from evals.harness import goals, refusal, sounding
from evals.harness.controls import TRIVIAL
from evals.harness.intervals import bootstrap_mean
from evals.harness.names import Named
from evals.harness.others import Others
from evals.harness.realtime import Live
from evals.harness.scoring import ALARMS, Scored, by_people, by_seconds, by_tag, scored
from evals.harness.sets import EvalSet
from evals.harness.sounding import Sounding


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
    sound: Sequence[Sounding] = ()  # of the items in lockstep
    zeroed_spoke: int = 0
    cascade: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=dict)
    dtypes: dict[str, str] = field(default_factory=dict)  # of the weights, by way of running them
    others: Others | None = None  # beside the sessions of `live`
    missing: list[str] = field(default_factory=list)  # what was not measured, and how to get it


def report(name: Named, eval_set: EvalSet, found: Findings) -> dict[str, Any]:
    best = found.realtime or found.lockstep
    refused = refusal.reasons(
        model=found.lockstep.score,
        controls={each: scored.score for each, scored in found.controls.items()},
        floors={each: scored.score for each, scored in found.floors.items()},
        zeroed_spoke=found.zeroed_spoke,
        cascade_items=len(found.controls[refusal.CASCADE].everything) if refusal.CASCADE in found.controls else 0,
        cascade_wanted=min(refusal.CASCADE_ITEMS, len(eval_set.items)),
    )
    refused += sounding.reasons(found.sound)
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
            "recorded": sum(map(by_people, found.lockstep.everything)),
        },
        "lockstep": found.lockstep.as_json(),
        "realtime": found.realtime.as_json() if found.realtime else None,
        "replay": found.replay.as_json() if found.replay else None,
        "recorded": _recorded(found),
        "goals": _goals(name, eval_set, found),
        "measures": _measures(name, found),
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
        "false_alarms_per_min": best.metrics[ALARMS],
        "latency_ms": percentiles([ms for live in found.live for ms in live.latency_ms]),
        "onset_error_s": _errors(best),
        "by_voice": by_tag(name, best.everything, "voice"),
        "by_family": by_tag(name, best.outcomes, "family"),
        "by_engine": by_tag(name, best.everything, "engine"),
        "by_n": by_seconds(name, found.lockstep.outcomes),
        "metrics": _dialogue(best) if name.name == "dialogue" else dict(best.metrics),
        "answer_onset": _answer_onset(found),
        "sound": sounding.told(found.sound),
        "cascade": dict(found.cascade),
        "versions": {**found.versions, "dtype": found.dtypes},
    }


def _scores(members: Mapping[str, Scored]) -> dict[str, float]:
    return {each: scored.score for each, scored in members.items()}


def _recorded(found: Findings) -> dict[str, Any]:
    """Recorded people apart from the headline, with a sentence for whoever looks for them."""
    ways = {"lockstep": found.lockstep, "realtime": found.realtime, "cascade": found.controls.get(refusal.CASCADE)}
    apart = {way: scored.recorded.as_json() for way, scored in ways.items() if scored and scored.recorded}
    floors = {each: scored.recorded.as_json() for each, scored in _blind(found).items() if scored.recorded}
    best = max(floors, key=lambda each: floors[each]["score"], default=None)
    people = sum(map(by_people, found.lockstep.everything))
    if apart:
        count = len(found.lockstep.everything)
        says = (
            f"A recorded person asks in {people} of {count} items, which are in no score but these and those by voice."
        )
    elif people:
        says = "A recorded person asks in every item, so the scores are theirs."
    else:
        says = "No recorded person asks in this set: it tells nothing of people."
    floor = {"best_blind_floor": {"name": best, **floors[best]} if best else None}
    return {"items": people, "says": says, **dict.fromkeys(ways), **apart, **floor}


def _blind(found: Findings) -> dict[str, Scored]:
    """All that sees and hears nothing."""
    return {each: scored for each, scored in found.controls.items() if each in TRIVIAL} | found.floors


def _goals(name: Named, eval_set: EvalSet, found: Findings) -> dict[str, Any]:
    """short_of: what these figures are not, for a goal is of the test set in real time."""
    model, cascade = found.realtime or found.lockstep, found.controls.get(refusal.CASCADE)
    rows = goals.rows(name, model, _blind(found), found.baselines, cascade)
    short_of = [] if found.realtime else ["on the virtual clock, not in real time"]
    if eval_set.split != "test":
        short_of.append(f"of the {eval_set.split} split, not of the test set")
    return {
        "of": "realtime" if found.realtime else "lockstep",
        "short_of": short_of,
        "reached": sum(row["reached"] is True for row in rows),
        "wanted": len(rows),
        "rows": rows,
    }


def _ways(found: Findings) -> dict[str, Scored]:
    """In which the model was run."""
    ways = {"lockstep": found.lockstep, "realtime": found.realtime, "replay": found.replay}
    return {way: scored for way, scored in ways.items() if scored}


def _answer_onset(found: Findings) -> dict[str, Any]:
    """Where somebody asks a question, what the time until its answer is made of."""
    told = {way: onset.told(scored.outcomes) for way, scored in _ways(found).items() if way != "replay"}
    return {way: each for way, each in told.items() if each}


def _measures(name: Named, found: Findings) -> dict[str, Any]:
    """Every way of answering by the figures that goals are about."""

    def told(scored: Scored) -> dict[str, Any]:
        return {
            metric: {"value": scored.metrics[metric], "ci95": scored.intervals.get(metric)}
            for metric in goals.measures(name.name)
            if metric in scored.metrics
        }

    groups = {"blind_floors": found.floors, "sighted_baselines": found.baselines, "controls": found.controls}
    return {way: told(scored) for way, scored in _ways(found).items()} | {
        group: {each: told(scored) for each, scored in members.items()} for group, members in groups.items()
    }


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
        **_machine(found),
    }


def _machine(found: Findings) -> dict[str, Any]:
    """Whether real time had the machine to itself."""
    cores = found.others.cores if found.others else None
    return {"others_cores": cores and round(cores, 2), "quiet": None if cores is None else cores <= BUSY_LOAD}


def _errors(best: Scored) -> dict[str, float | None]:
    errors = [error for outcome in best.outcomes for error in outcome.errors_s]
    found = percentiles([abs(error) for error in errors])
    return {**found, "median_signed": round(statistics.median(errors), 3) if errors else None}


def _dialogue(best: Scored) -> dict[str, Any]:
    """The percentiles of one measure together. A count that never stopped is 5 s, and counted apart."""
    figure = best.metrics.get
    stops = [each.measures for each in best.outcomes if "stop_ms" in each.measures]
    together = ("answer_onset_ms", "stop_ms", "backchannels ignored")
    return {
        **{name: value for name, value in best.metrics.items() if not name.startswith(together)},
        "answer_onset_ms": {mark: figure(f"answer_onset_ms {mark}") for mark in ("p50", "p90", "p99")},
        "stop_ms": {
            **{mark: figure(f"stop_ms {mark}") for mark in ("p50", "p95")},
            "items": len(stops),
            "never": int(sum(each["never_stops"] for each in stops)),
        },
        "backchannels_ignored": figure("backchannels ignored"),
    }
