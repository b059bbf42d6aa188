"""The shell of a scheduler: builds the core from what its engine is, and runs tick loop and doors around it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from dataclasses import dataclass

import grpc
import structlog

from actors.engine_client import EngineFenced
from actors.engine_service import EngineFacts
from actors.scheduler_claims import Claims
from actors.scheduler_doors import Doors
from actors.scheduler_edge import SERVER_OPTIONS, EdgeService
from actors.scheduler_engine import EngineLink
from actors.scheduler_gauges import Gauges
from actors.scheduler_heard import HeardWrites
from actors.scheduler_held import Held, Part
from actors.scheduler_journal import HistoryFiles, Journal
from actors.scheduler_limits import limits_of, rules_of
from actors.scheduler_loop import TickLoop
from actors.scheduler_silence import watch
from actors.scheduler_time import RealTime, TickTime, VirtualTime, boot_id
from actors.scheduler_usage import Usage
from cluster.clock import Clock, UnixClock
from cluster.config import Config
from cluster.model.config import parse_config
from cluster.runtime import SchedulerConfig, SchedulerCore
from cluster.session.state import Session
from cluster.session.store import SessionStore
from cluster.telemetry import metrics as m
from cluster.telemetry.metrics import Metrics
from cluster.telemetry.tracing import Traces
from counterpoint.internal.v1 import edge_pb2_grpc

log = structlog.get_logger()

# Tick n of every engine of a host starts at n periods of its clock: one phase group, whose boundaries never move.
TICK_ZERO_NS = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLine:
    """One line of `counterpoint sessions`."""

    session: str
    tier: str
    attached: bool
    micro_turns: int
    pins: int
    volatile: bool
    lockstep: bool


class Scheduler:
    """A plain class, to be an actor or a process of its own. Owns its sessions while their epochs are in force; ends
    its process when another scheduler has taken its engine.
    """

    def __init__(
        self,
        config: Config,
        store: SessionStore,
        engine: str,
        clock: Clock,
        *,
        host: str,
        lockstep: bool,
        metrics: Metrics,
        traces: Traces | None = None,
    ) -> None:
        """engine: where it serves."""
        self._config, self._store, self._host, self._lockstep = config, store, host, lockstep
        self._metrics = metrics
        self._clock, self._clock_name = clock, "" if lockstep else boot_id()  # virtual time goes on anywhere
        self._engine = EngineLink(engine, clock)
        self._traces = None if lockstep else traces  # virtual time is nobody's
        self._server: grpc.aio.Server | None = None
        self._histories = HistoryFiles(config.serve.data_dir / "history", metrics)
        self._usage = Usage(config.serve.data_dir / "usage", metrics)
        self._held = Held(store, self._histories, self._forget)
        self._tasks: list[asyncio.Task[None]] = []
        self._core: SchedulerCore | None = None
        self._journal: Journal | None = None
        self._doors: Doors | None = None
        self._ticks: TickLoop | None = None

    @property
    def progress(self) -> int:
        return self._ticks.ticks if self._ticks else 0

    async def start(self) -> str:
        """Take the engine, serve ingests, begin to tick. Returns the address. Raises ConfigError, StoreUnavailable."""
        await self._store.ping()  # before the engine is taken from whoever may still serve with it
        facts = await self._engine.connect()
        self._server = grpc.aio.server(options=SERVER_OPTIONS)
        address = f"{self._host}:{self._server.add_insecure_port(f'{self._host}:0')}"
        core = self._core = self._build_core(facts)
        real = RealTime(self._clock, core.patience_ns)
        time: TickTime = VirtualTime(lambda n: doors.complete(n)) if self._lockstep else real
        heard = HeardWrites(self._store, self._config.limits.media_ring_s)  # a piece is a second
        self._journal = Journal(heard, lambda outcomes: doors.journaled(outcomes), self._metrics)
        self._doors = doors = Doors(
            core,
            Claims(self._store, address, lockstep=self._lockstep),
            self._journal,
            self._histories,
            self._usage,
            heard,
            time=time,
            clock=self._clock,
            engine_serves=lambda: self._engine.connected,
            checkpoint=facts.checkpoint,
            keep_history=self._config.limits.history == "keep",
            metrics=self._metrics,
        )
        self._ticks = TickLoop(
            core,
            self._engine,
            doors.carry_out,
            ticker=core.ticker,
            time=time,
            gauges=Gauges(doors.held, core.session, self._journal, self._metrics),
            metrics=self._metrics,
            traces=self._traces,
        )
        edge = EdgeService(doors.receive, doors.lost, self._clock)
        edge_pb2_grpc.add_EdgeServicer_to_server(edge, self._server)
        await self._server.start()
        watching = watch(edge.streams, doors.unheard, self._clock)
        for work in (self._ticks.run(), self._journal.run(), self._histories.run(), self._usage.run(), watching):
            self._tasks.append(asyncio.create_task(_vital(work)))
        self._metrics.follow(m.CLOCK_ERROR, self._engine.clock_error_s, peer="engine")
        self._metrics.set(m.SESSIONS_MAX, self._config.scheduler.max_sessions)
        return address

    async def stop(self) -> None:
        """What was decided is journaled, what was kept is on disk."""
        if self._journal is not None:
            await self._journal.drained()
        for task in self._tasks:
            task.cancel()
        self._histories.flush()
        self._usage.flush()
        if self._server is not None:
            await self._server.stop(grace=0)
        await self._engine.close()
        await self._store.close()

    def owns(self, session: str) -> bool:
        return self._core is not None and session in self._core

    def load(self) -> int:
        """Sessions held."""
        return len(self._doors.held) if self._doors is not None else 0

    def sessions(self) -> tuple[SessionLine, ...]:
        """What `counterpoint sessions` prints."""
        if self._core is None or self._doors is None:
            return ()
        return tuple(_line(self._core.session(session)) for session in sorted(self._doors.held))

    async def authorise(self, session: str, token: str) -> None:
        """Raises Unauthenticated where a token does not fit its session, or StoreUnavailable."""
        await self._held.check(session, token)

    async def export(self, session: str) -> tuple[Part, ...]:
        """All that is held of a session here, by name. Raises StoreUnavailable."""
        return await self._held.export(session)

    async def erase(self, session: str) -> bool:
        """Hold nothing of a session any more; False if nothing was. Raises StoreUnavailable."""
        return await self._held.erase(session)

    def _forget(self, session: str) -> None:
        if self._doors is not None:
            self._doors.erase(session)

    def set_engine(self, address: str) -> None:
        """Where the engine serves after it was started again; the broken stream makes the loop go there."""
        self._engine.move(address)

    def _build_core(self, facts: EngineFacts) -> SchedulerCore:
        scheduler = self._config.scheduler
        config = SchedulerConfig(
            tick_zero_ns=TICK_ZERO_NS,
            engine_epoch=self._engine.epoch,
            num_slots=facts.num_slots,
            max_sessions=scheduler.max_sessions,
            jitter_ms=scheduler.jitter_ms,
            due_ms=scheduler.due_ms,
            grace_ms=scheduler.grace_ms,
            lead_ms=scheduler.lead_ms,
            lockstep=self._lockstep,
            clock=self._clock_name,
            unix_zero_ns=0 if self._lockstep else UnixClock().now_ns() - self._clock.now_ns(),
            rules=rules_of(self._config),
        )
        limits = limits_of(parse_config(facts.config_json), self._config.engine.checkpoint)
        return SchedulerCore(config, limits, facts.versions)


def _line(state: Session) -> SessionLine:
    return SessionLine(
        session=state.terms.session,
        tier=state.terms.tier,
        attached=state.stream.attached,
        micro_turns=state.answered_k + 1,
        pins=len(state.context.pins),
        volatile=state.journal.volatile,
        lockstep=state.terms.lockstep,
    )


async def _vital(work: Coroutine[object, object, None]) -> None:
    """Without any of its loops a scheduler only looks alive: it ends, and is started again as a whole."""
    try:
        await work
    except EngineFenced as error:
        log.warning("another scheduler holds the engine", why=str(error))
        os._exit(0)
    except Exception:
        log.exception("scheduler cannot go on")
        os._exit(1)
