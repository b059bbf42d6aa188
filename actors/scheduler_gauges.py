"""How full a scheduler is and whether its state is safe, as gauges that are set after every tick."""

from __future__ import annotations

from collections.abc import Callable, Collection

from actors.scheduler_journal import Journal
from cluster.scheduling.cost import Running
from cluster.session.state import Session
from cluster.telemetry import metrics as m
from cluster.telemetry.metrics import Metrics


class Gauges:
    """held: the sessions there are now. Ticks without work tell nothing of the next one and are not counted."""

    def __init__(
        self, held: Collection[str], session: Callable[[str], Session], journal: Journal, metrics: Metrics
    ) -> None:
        self._held, self._session, self._journal, self._metrics = held, session, journal, metrics
        self._ticks = Running()

    def after_tick(self, *, tick_ns: int, budget_ns: int, worked: bool) -> None:
        """budget_ns: what the tick may take; 0 where time is virtual and there is no such limit."""
        sessions = [self._session(session) for session in self._held]
        attached = sum(session.stream.attached for session in sessions)
        self._metrics.set(m.SESSIONS, attached, state="attached")
        self._metrics.set(m.SESSIONS, len(sessions) - attached, state="detached")
        self._metrics.set(m.VOLATILE, sum(session.journal.volatile for session in sessions))
        self._metrics.set(m.JOURNAL_LAG, self._journal.lag_ns / 1e9)
        if worked:
            self._ticks.add(tick_ns)
        predicted_ns = self._ticks.at(99) if len(self._ticks) else 0
        self._metrics.set(m.TICK_PREDICTED, predicted_ns / 1e9)
        self._metrics.set(m.TICK_HEADROOM, (budget_ns - predicted_ns) / 1e9 if budget_ns else 0.0)
