"""One rank of an AllToAll engine as an actor runs it: python -m tests.actors.rank_process CHECKPOINT RENDEZVOUS RANK.

Prints a line once it serves, then its progress for each line of its input.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from actors.engine import EngineRank, EngineSettings, EngineShell
from cluster.clock import MonotonicClock
from cluster.model.config import load_config
from cluster.model.placement import uniform_placement
from cluster.telemetry.metrics import Metrics
from cluster.types import Dtype

RANKS = (0, 1)


def shell(checkpoint: Path, rendezvous: str, rank: int) -> EngineShell | EngineRank:
    settings = EngineSettings(
        checkpoint=checkpoint,
        num_slots=2,
        dtype=Dtype.F32,
        deterministic=True,
        seed=0,
        num_pages=None,
        host="127.0.0.1",
        placement=uniform_placement(load_config(checkpoint).num_experts, RANKS, copies=1),
        rendezvous=rendezvous,
        rank=rank,
    )
    return EngineRank(settings) if rank else EngineShell(settings, Metrics(), MonotonicClock())


async def main() -> None:
    serves = shell(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    await serves.start()
    print("serves", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(serves.progress, flush=True)
    os._exit(0)  # a collective cannot be left in any other way


if __name__ == "__main__":
    asyncio.run(main())
