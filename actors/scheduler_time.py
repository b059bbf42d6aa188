"""Two ways to wait for a tick: the wall's and, for lockstep, the input's. The tick loop does not know which it has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from cluster.clock import Clock, ManualClock

_SHORTEST_SLEEP_S = 0.001  # timers of the event loop count in milliseconds
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Whose monotonic clock is ours; empty on a system that does not tell its boots apart."""
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""


class TickTime(Protocol):
    @property
    def clock(self) -> Clock: ...

    async def until(self, n: int, at_ns: int) -> None:
        """Return at the start of tick n, which is at `at_ns`; never before."""

    def wake(self) -> None:
        """Something came that a tick may have waited for."""


class RealTime:
    """Ticks start at their boundary. Waits aim at the boundary itself, so that errors do not add up."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    async def until(self, n: int, at_ns: int) -> None:
        while (left_ns := at_ns - self.clock.now_ns()) > 0:  # noqa: ASYNC110 - timers may fire a little early
            await asyncio.sleep(max(left_ns / 1e9, _SHORTEST_SLEEP_S))

    def wake(self) -> None:
        pass


class VirtualTime:
    """Time stands until every attached session has given its input for the tick, then jumps to its boundary."""

    def __init__(self, ready: Callable[[int], bool]) -> None:
        self.clock = ManualClock()
        self._ready = ready
        self._woken = asyncio.Event()

    async def until(self, n: int, at_ns: int) -> None:
        await asyncio.sleep(0)  # doors get their turn even where no tick has to wait
        while not self._ready(n):
            self._woken.clear()
            await self._woken.wait()
        self.clock.advance_to(at_ns)

    def wake(self) -> None:
        self._woken.set()
