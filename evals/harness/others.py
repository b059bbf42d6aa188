"""How much of the machine others had while something of ours ran. A load average would count our own work, too."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil


@dataclass(slots=True)
class Others:
    """cores: how many they kept busy on average; known once the `with` has ended."""

    cores: float = 0.0


@contextmanager
def others() -> Iterator[Others]:
    """Ours is this process with all it started that still runs at the end."""
    found, since = Others(), time.monotonic()
    busy_s, ours_s = _busy_s(), _ours_s()
    yield found
    seconds = time.monotonic() - since
    ours = sum(used_s - ours_s.get(pid, 0.0) for pid, used_s in _ours_s().items())
    found.cores = max(0.0, _busy_s() - busy_s - ours) / max(seconds, 1e-3)


def _busy_s() -> float:
    """Of all cores since the machine began, what a hypervisor kept for others included."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq + times.steal)


def _ours_s() -> dict[int, float]:
    itself, found = psutil.Process(), {}
    for process in (itself, *itself.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            found[process.pid] = times.user + times.system
    return found
