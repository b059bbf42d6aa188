"""Two ways to wait for a tick: the wall's and, for lockstep, the input's. The tick loop does not know which it has."""

from __future__ import annotations

import asyncio
import contextlib
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
    """Ticks start at their boundary, or a little later where input that many sessions owe is on its way. Waits aim at
    the boundary itself, so that errors do not add up.
    """

    def __init__(self, clock: Clock, patience_ns: Callable[[int], int] = lambda n: 0) -> None:
        """patience_ns: of a tick, how long beyond its boundary it is worth waiting for what is not here by now."""
        self.clock = clock
        self._patience_ns = patience_ns
        self._woken = asyncio.Event()

    async def until(self, n: int, at_ns: int) -> None:
        while (left_ns := at_ns - self.clock.now_ns()) > 0:  # noqa: ASYNC110 - timers may fire a little early
            await asyncio.sleep(max(left_ns / 1e9, _SHORTEST_SLEEP_S))
        await asyncio.sleep(0)  # what came while the timer was due is read first
        while (left_ns := at_ns + self._patience_ns(n) - self.clock.now_ns()) > 0:
            self._woken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_ns / 1e9):
                    await self._woken.wait()

    def wake(self) -> None:
        self._woken.set()


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
