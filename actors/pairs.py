"""The (scheduler, engine) pairs of a cluster: which there are, which of them leave, and where a new session goes.

A pair is numbered once: one that left is never started again under its name, a new one takes the next number.
"""

from __future__ import annotations

import asyncio
import time
from itertools import count

import structlog

from actors.fleet import Fleet
from actors.handles import ActorInfo, ActorLost

PLACING_S = 1.0  # a session placed so recently may not be counted by its scheduler yet

log = structlog.get_logger()


class Pairs:
    def __init__(self, fleet: Fleet) -> None:
        self._fleet, self._numbers = fleet, count()
        self._leaving: set[int] = set()
        self._placed: dict[str, list[float]] = {}

    def begin(self, fewest: int) -> list[int]:
        """Numbers of those to serve: each of which a half serves already, and as many new ones as are missing."""
        found = sorted({number(info) for role in ("scheduler", "engine") for info in self._fleet.serving(role)})
        self._numbers = count(max(found, default=-1) + 1)
        return found + [self.next_number() for _ in range(fewest - len(found))]

    def next_number(self) -> int:
        return next(self._numbers)

    def staying(self) -> list[int]:
        """Those that serve, both halves, and do not leave; ascending."""
        halves = [{number(info) for info in self._fleet.serving(role)} for role in ("scheduler", "engine")]
        return sorted((halves[0] & halves[1]) - self._leaving)

    def leaves(self, name: str) -> bool:
        """Whether the death of this actor is meant."""
        role, _, at = name.rpartition("-")
        return role in ("scheduler", "engine") and int(at) in self._leaving

    def open(self) -> list[ActorInfo]:
        """Schedulers that take sessions."""
        return [info for info in self._fleet.serving("scheduler") if number(info) not in self._leaving]

    async def choose(self, *, trial: bool = False) -> ActorInfo | None:
        """The scheduler that holds the fewest sessions; where there is one, nobody is asked."""
        found = self.open()
        if len(found) < 2:
            return found[0] if found else None
        loads = await asyncio.gather(*(self._load(info.name) for info in found))
        chosen = min(zip(loads, found, strict=True), key=lambda at: at[0])[1]
        if not trial:
            self._placed.setdefault(chosen.name, []).append(time.monotonic())
        return chosen

    async def leave(self, pair: int) -> None:
        """Its sessions go on with another pair: ingests that lose its scheduler look for who may own them now, and that
        one takes them from the journal, which is written to the end before the scheduler stops.
        """
        self._leaving.add(pair)
        log.info("pair leaves", pair=pair)
        for role in ("scheduler", "engine"):
            await self._fleet.stop_one(f"{role}-{pair}")

    async def _load(self, name: str) -> float:
        since = time.monotonic() - PLACING_S
        recent = self._placed[name] = [at for at in self._placed.get(name, ()) if at > since]
        try:
            held = await self._fleet[name].tell("load")
        except (ActorLost, KeyError):
            return float("inf")
        return len(recent) + (held if isinstance(held, int) else 0)


def number(info: ActorInfo) -> int:
    return int(info.name.rpartition("-")[2])
