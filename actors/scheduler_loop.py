"""The tick loop: the whole of a scheduler's work on one screen."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from actors.engine_client import EngineLost, StepFailed
from actors.scheduler_engine import EngineLink
from actors.scheduler_gauges import Gauges
from actors.scheduler_time import TickTime
from cluster.runtime import Effects, SchedulerCore
from cluster.scheduling.ticker import Ticker
from cluster.session.commands import Result
from cluster.telemetry import metrics as m
from cluster.telemetry.metrics import Metrics
from cluster.telemetry.tracing import Traces
from cluster.types import TickBatch

log = structlog.get_logger()


class TickLoop:
    """One tick after the other, each at its boundary or as soon after as its time lets it. One that overruns its period
    costs those it covered: they are skipped and their micro-turns coalesced, never run late back to back.
    """

    def __init__(
        self,
        core: SchedulerCore,
        engine: EngineLink,
        carry_out: Callable[[Effects], None],
        *,
        ticker: Ticker,
        time: TickTime,
        gauges: Gauges,
        metrics: Metrics,
        traces: Traces | None = None,
    ) -> None:
        self._core, self._engine, self._carry_out = core, engine, carry_out
        self._ticker, self._time = ticker, time
        self._gauges, self._metrics, self._traces = gauges, metrics, traces
        self.ticks = 0

    async def run(self) -> None:
        """For ever. Raises EngineFenced when another scheduler has taken the engine."""
        n = self._ticker.first_at(self._now())
        while True:
            await self._time.until(n, self._ticker.start_ns(n))
            begun_ns = self._now()
            effects = self._core.tick(n, begun_ns)
            self._carry_out(effects)  # the journal of k-1 is written while the step of k runs
            assert effects.batch is not None
            done = await self._step(effects.batch)
            self._carry_out(done)
            if self._traces is not None:
                self._trace(self._traces, done, n, begun_ns)
            self._count(effects.batch, begun_ns)
            n, skipped = self._ticker.after(n, self._now())
            self._metrics.add(m.OVERRUNS, skipped)

    async def _step(self, batch: TickBatch) -> Effects:
        if not batch.work:
            return Effects()
        try:
            return self._core.step_done(await self._engine.step(batch), self._now())
        except StepFailed as failed:
            return self._core.step_failed(batch.n, str(failed), self._now())
        except EngineLost as lost:
            log.error("engine lost", n=batch.n, why=str(lost))
            self._carry_out(self._core.step_failed(batch.n, str(lost), self._now()))
            await self._engine.connect()
            return self._core.engine_replaced(self._engine.epoch, self._now())

    def _trace(self, traces: Traces, done: Effects, n: int, begun_ns: int) -> None:
        ended_ns = self._now()
        for out in done.outs:
            if isinstance(out, Result) and out.tick == n and traces.takes(out.session, out.k):
                about = {"tick": n, "epoch": out.epoch, "passes": out.passes}
                traces.span(out.session, out.k, "queue", begun_ns - out.queue_ns, begun_ns)
                traces.span(out.session, out.k, "tick", begun_ns, ended_ns, **about)

    def _count(self, batch: TickBatch, begun_ns: int) -> None:
        self.ticks += 1
        start_ns, ended_ns = self._ticker.start_ns(batch.n), self._now()
        self._metrics.observe(m.TICK_DELAY, (begun_ns - start_ns) / 1e9)
        self._metrics.observe(m.TICK, (ended_ns - begun_ns) / 1e9)
        budget_ns = batch.deadline_ns - start_ns if batch.deadline_ns else 0
        self._gauges.after_tick(tick_ns=ended_ns - start_ns, budget_ns=budget_ns, worked=bool(batch.work))

    def _now(self) -> int:
        return self._time.clock.now_ns()
