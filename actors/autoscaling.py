"""Pairs come and go with what sessions need: readings in, a wish to Ray's autoscaler, pairs started and sent away.

A node is asked for before a pair is started, and a pair leaves before its node is given back: Ray's autoscaler takes a
node only while no actor holds its resource. All rules are in cluster/scheduling/scaling.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import fields

import structlog

from actors.handles import ActorInfo, Launcher
from actors.pairs import Pairs
from actors.readings import read
from cluster.scheduling.scaling import PairLoad, Scaling, ScalingRules, decide
from cluster.telemetry import metrics as m
from cluster.telemetry.load import Readings, signals
from cluster.telemetry.metrics import Metrics

EVERY_S = 5.0
DRAINED_S = 30.0  # a drained node ends; until then no pair is started on it again

log = structlog.get_logger()


class Autoscaling:
    def __init__(
        self,
        rules: ScalingRules,
        pairs: Pairs,
        launcher: Launcher,
        *,
        actors: Callable[[], tuple[ActorInfo, ...]],
        start_pair: Callable[[int], Awaitable[None]],
        metrics: Metrics,
    ) -> None:
        self._rules, self._pairs, self._launcher = rules, pairs, launcher
        self._actors, self._start_pair, self._metrics = actors, start_pair, metrics
        self._state = Scaling(wanted=rules.fewest)
        self._before: Readings | None = None
        self._before_s = 0.0
        self._asked = 0
        self._not_before_s = 0.0

    def go_on(self, pairs: int) -> None:
        """So many are there already: none is sent away before it was not needed for long enough."""
        self._state = Scaling(wanted=pairs)

    def drained(self) -> None:
        self._not_before_s = time.monotonic() + DRAINED_S

    async def run(self) -> None:
        """For ever. What fails is tried again: live sessions do not depend on it."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.once()
            except Exception:
                log.exception("scaling failed")

    async def once(self) -> None:
        """Read, decide, and do one thing about it."""
        await self._decide()
        staying = self._pairs.staying()
        if self._state.wanted < len(staying):
            await self._pairs.leave(staying[-1])
        if self._asked != self._state.wanted:  # for more before they are started, for fewer once they left
            await self._launcher.ask(dict.fromkeys(("scheduler", "engine"), self._state.wanted))
            self._asked = self._state.wanted
        elif self._state.wanted > len(staying) and time.monotonic() > self._not_before_s:
            rooms = [await self._launcher.room(role) for role in ("scheduler", "engine")]
            if min(rooms) > 0:
                await self._start_pair(self._pairs.next_number())
        self._metrics.set(m.PAIRS, len(self._pairs.staying()), state="serving")
        self._metrics.set(m.PAIRS, self._state.wanted, state="wanted")

    async def _decide(self) -> None:
        now, now_s = await read(self._actors()), time.monotonic()
        before, seconds = self._before, now_s - self._before_s
        self._before, self._before_s = now, now_s
        if before is None:
            return
        found = [signals(now, before, seconds, pair) for pair in self._pairs.staying()]
        loads = [PairLoad(**_whole(of)) for of in found if of is not None]
        if not loads or len(loads) < len(found):
            return  # half a picture is no ground to send a pair away
        self._show(loads)
        decided = decide(self._rules, loads, self._state, time.monotonic_ns())
        if decided.wanted != self._state.wanted:
            log.info("pairs wanted", wanted=decided.wanted, was=self._state.wanted, why=decided.why)
            self._metrics.add(m.SCALINGS, why=decided.why)
        self._state = decided

    def _show(self, loads: list[PairLoad]) -> None:
        """The worst pair of each signal, as the rules see it."""
        worst = {
            "places_free": sum(load.places - load.sessions for load in loads),
            "headroom": min(load.headroom for load in loads),
            "kv_full_s": min(load.kv_full_s for load in loads),
            "queue_age_s": max(load.queue_age_s for load in loads),
            "late": max(load.late for load in loads),
        }
        for signal, value in worst.items():
            self._metrics.set(m.SCALING_SIGNAL, value, signal=signal)


def _whole(found: dict[str, float]) -> dict[str, float]:
    counted = {field.name for field in fields(PairLoad) if field.type == "int"}
    return {name: int(value) if name in counted else value for name, value in found.items()}
