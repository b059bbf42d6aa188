"""A scheduler over real gRPC, and the engine it needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from actors.engine import EngineSettings, EngineShell
from actors.scheduler import Scheduler
from cluster.clock import Clock, MonotonicClock
from cluster.config import Config
from cluster.session.store import MemoryStore
from cluster.telemetry.metrics import Metrics
from cluster.types import Dtype


def engine_shell(config: Config, clock: Clock | None = None) -> EngineShell:
    settings = EngineSettings(
        checkpoint=config.engine.checkpoint,
        num_slots=2 * config.scheduler.max_sessions,
        dtype=Dtype.F32,
        deterministic=False,
        seed=0,
        num_pages=None,
        host="127.0.0.1",
    )
    return EngineShell(settings, Metrics(), clock or MonotonicClock())


@asynccontextmanager
async def scheduling(
    config: Config, engine: str, store: MemoryStore, *, lockstep: bool = True, clock: Clock | None = None
) -> AsyncIterator[tuple[Scheduler, str]]:
    scheduler = Scheduler(
        config, store, engine, clock or MonotonicClock(), host="127.0.0.1", lockstep=lockstep, metrics=Metrics()
    )
    address = await scheduler.start()
    try:
        yield scheduler, address
    finally:
        await scheduler.stop()
