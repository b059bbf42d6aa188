"""A cluster at a glance: what `counterpoint top` shows, from two readings of every actor's metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cluster.telemetry import metrics as m
from cluster.telemetry.scrape import Scrape, merge

_CPU, _MEMORY = m.PROCESS
_LIVE = ("supervisor", "ingest", "scheduler", "engine", "expert", "rank")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorLine:
    """moves: its progress rose. An actor that did not answer has no numbers."""

    actor: str
    answers: bool
    moves: bool
    cpu_percent: float = 0.0
    memory_mb: float = 0.0
    calls_per_s: float = 0.0  # of an expert shard
    compute_p99_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Rates and quantiles are of the time between the readings; None where nothing happened."""

    seconds: float
    attached: int
    detached: int
    places: int
    on_time_rate: float | None
    lateness_p50_ms: float | None
    lateness_p99_ms: float | None
    missed: dict[str, int]
    degraded: dict[str, int]
    refused: dict[str, int]
    tick_p99_ms: float | None
    headroom_ms: float | None
    skipped_ticks: int
    stages_p99_ms: dict[str, float]
    kv_used: float | None
    journal_lag_ms: float
    volatile: int
    expert_calls: dict[str, int]
    actors: tuple[ActorLine, ...]


def overview(now: Mapping[str, Scrape | None], before: Mapping[str, Scrape | None], seconds: float) -> Overview:
    """now, before: by actor name, such as engine-0; None: it did not answer. Lockstep pairs keep no time: left out."""
    held = {role: [scrape for name, scrape in now.items() if scrape and _role(name) == role] for role in _LIVE}
    rose = {
        role: merge([scrape.since(before.get(name)) for name, scrape in now.items() if scrape and _role(name) == role])
        for role in _LIVE
    }
    ingest, scheduler = rose["ingest"], rose["scheduler"]
    schedulers, engines = merge(held["scheduler"]), merge(held["engine"])
    due = ingest.get(f"{m.LATENESS.name}_count")
    pages = engines.get(m.KV_PAGES)
    stages = {stage: _stage(ingest, stage) for stage in ("ingest", "queue", "engine", "experts", "voice", "egress")}
    return Overview(
        seconds=round(seconds, 3),
        attached=int(schedulers.get(m.SESSIONS, state="attached")),
        detached=int(schedulers.get(m.SESSIONS, state="detached")),
        places=int(schedulers.get(m.SESSIONS_MAX)),
        on_time_rate=round(1 - ingest.get(m.MISSED) / due, 5) if due else None,
        lateness_p50_ms=_ms(ingest.quantile(m.LATENESS, 0.5)),
        lateness_p99_ms=_ms(ingest.quantile(m.LATENESS, 0.99)),
        missed=_counts(ingest.by(m.MISSED, "cause")),
        degraded=_counts(ingest.by(m.DEGRADATIONS, "what")),
        refused=_counts(ingest.by(m.REJECTED, "limit")),
        tick_p99_ms=_ms(scheduler.quantile(m.TICK, 0.99)),
        headroom_ms=_ms(min((scrape.get(m.TICK_HEADROOM) for scrape in held["scheduler"]), default=None)),
        skipped_ticks=int(scheduler.get(m.OVERRUNS)),
        stages_p99_ms={stage: ms for stage, ms in stages.items() if ms is not None},
        kv_used=round(engines.get(m.KV_PAGES, state="used") / pages, 4) if pages else None,
        journal_lag_ms=_ms(max((scrape.get(m.JOURNAL_LAG) for scrape in held["scheduler"]), default=0.0)) or 0.0,
        volatile=int(schedulers.get(m.VOLATILE)),
        expert_calls=_counts(rose["engine"].by(m.EXPERT_CALLS, "outcome")),
        actors=tuple(_line(name, now[name], before.get(name), seconds) for name in sorted(now)),
    )


def _line(name: str, now: Scrape | None, before: Scrape | None, seconds: float) -> ActorLine:
    if now is None:
        return ActorLine(actor=name, answers=False, moves=False)
    rose = now.since(before)
    return ActorLine(
        actor=name,
        answers=True,
        moves=rose.get(m.PROGRESS) > 0,
        cpu_percent=round(100 * rose.get(_CPU) / seconds, 1),
        memory_mb=round(now.get(_MEMORY) / 1e6, 1),
        calls_per_s=round(rose.get(f"{m.EXPERT_COMPUTE.name}_count") / seconds, 1),
        compute_p99_ms=_ms(rose.quantile(m.EXPERT_COMPUTE, 0.99)),
    )


def _stage(ingest: Scrape, stage: str) -> float | None:
    of_stage = {at: value for at, value in ingest.values.items() if ("stage", stage) in at[1]}
    return _ms(Scrape(of_stage).quantile(m.STAGE, 0.99))


def _counts(found: dict[str, float]) -> dict[str, int]:
    return {name: int(value) for name, value in sorted(found.items())}


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1e3 * seconds, 2)


def _role(name: str) -> str:
    return name.rpartition("-")[0]
