"""What the numbers were measured on, and what each process cost."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil

BUSY_LOAD = 0.5  # above this the machine was not quiet, and the report says so


def describe() -> dict[str, object]:
    """Cores, CPU, memory, load at the start and the versions that decide speed."""
    load = os.getloadavg()[0]
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_at_start": round(load, 2),
        "quiet": load <= BUSY_LOAD,
        "versions": {name: version(name) for name in ("torch", "ray", "grpcio", "protobuf", "redis", "numpy")},
    }


def cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def stolen_s() -> float:
    """CPU seconds since boot that a host gave to others while something here wanted them; 0 where none tells.

    proc_stat(5), `steal`.
    """
    return float(getattr(psutil.cpu_times(), "steal", 0.0))


@dataclass(frozen=True, slots=True)
class Cost:
    cpu_s: float
    rss_mb: float


def cost_of(pids: dict[str, int]) -> dict[str, Cost]:
    """CPU seconds since each process began, and its resident memory. A process that died is an error, not a zero."""
    costs = {}
    for role, pid in pids.items():
        process = psutil.Process(pid)
        times = process.cpu_times()
        costs[role] = Cost(times.user + times.system, process.memory_info().rss / 2**20)
    return costs


def spent(before: dict[str, Cost], after: dict[str, Cost]) -> tuple[dict[str, float], dict[str, float]]:
    """CPU seconds between two readings, and resident MB at the second."""
    cpu = {role: round(after[role].cpu_s - before[role].cpu_s, 2) for role in after}
    return cpu, {role: round(after[role].rss_mb) for role in after}
