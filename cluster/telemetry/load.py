"""How loaded each (scheduler, engine) pair is, from two readings of every actor's metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping

from cluster.telemetry import metrics as m
from cluster.telemetry.scrape import Scrape, merge

Readings = Mapping[str, Scrape | None]


def signals(now: Readings, before: Readings, seconds: float, pair: int) -> dict[str, float] | None:
    """The fields of `PairLoad` for the pair of that number; None where its scheduler or engine did not answer.

    Lateness is known where results leave: a share of all ingests together, the same for every pair.
    """
    scheduler, engine = now.get(f"scheduler-{pair}"), now.get(f"engine-{pair}")
    if scheduler is None or engine is None:
        return None
    scheduler_before, engine_before = before.get(f"scheduler-{pair}"), before.get(f"engine-{pair}")
    rose = scheduler.since(scheduler_before)
    budget_s = scheduler.get(m.TICK_HEADROOM) + scheduler.get(m.TICK_PREDICTED)
    ingests = merge([s.since(before.get(name)) for name, s in now.items() if s and name.startswith("ingest-")])
    due = ingests.get(f"{m.LATENESS.name}_count")
    return {
        "sessions": scheduler.get(m.SESSIONS),
        "places": scheduler.get(m.SESSIONS_MAX),
        "headroom": scheduler.get(m.TICK_HEADROOM) / budget_s
        if budget_s > 0 and rose.get(f"{m.TICK.name}_count")
        else 1.0,
        "kv_full_s": _full_in_s(engine, engine_before, seconds),
        "queue_age_s": rose.quantile(m.TICK_DELAY, 0.99) or 0.0,
        "late": ingests.get(m.MISSED) / due if due else 0.0,
        "refused": rose.get(m.REJECTED),
    }


def _full_in_s(engine: Scrape, before: Scrape | None, seconds: float) -> float:
    if before is None:
        return math.inf
    risen = engine.get(m.KV_PAGES, state="used") - before.get(m.KV_PAGES, state="used")
    return engine.get(m.KV_PAGES, state="free") * seconds / risen if risen > 0 else math.inf
