"""What the host of a rented machine takes from it while something is measured, moment by moment.

A host that lets others run stops this machine for some milliseconds, again and again for minutes: what is late then
tells of the host. So time that was taken is sampled beside the load, and ticks that it fell into are told apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from evals.bench.machine import stolen_s

EVERY_S = 0.05


@dataclass(slots=True)
class Host:
    """Samples of the monotonic clock in ns and of the CPU seconds taken since boot, both rising."""

    at_ns: list[int] = field(default_factory=list)
    taken_s: list[float] = field(default_factory=list)

    def took_s(self, start_ns: int, end_ns: int) -> float:
        """CPU seconds taken, to the millisecond, from the last sample before `start_ns` to the first after `end_ns`.
        What lies outside of the samples is counted as far as they go.
        """
        first = max(bisect_right(self.at_ns, start_ns) - 1, 0)
        last = min(bisect_left(self.at_ns, end_ns), len(self.at_ns) - 1)
        return round(self.taken_s[last] - self.taken_s[first], 3)

    def sample(self, now_ns: Callable[[], int] = time.monotonic_ns, taken_s: Callable[[], float] = stolen_s) -> None:
        self.at_ns.append(now_ns())
        self.taken_s.append(taken_s())


@contextlib.asynccontextmanager
async def watched() -> AsyncIterator[Host]:
    """A host that is sampled until the block ends."""
    host = Host()
    host.sample()
    watching = asyncio.create_task(_watch(host))
    try:
        yield host
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        host.sample()


async def _watch(host: Host) -> None:
    while True:
        await asyncio.sleep(EVERY_S)
        host.sample()
