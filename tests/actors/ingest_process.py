"""An ingest in a process of its own, to be frozen: `python -m tests.actors.ingest_process EDGE CHECKPOINT`."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from actors.ingest import Ingest
from cluster.clock import MonotonicClock
from cluster.config import load
from cluster.telemetry.metrics import Metrics
from tests.actors.ingest_rig import OneScheduler


@dataclass(frozen=True, slots=True)
class IngestProcess:
    target: str
    process: asyncio.subprocess.Process

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def ingest_process(edge: str, checkpoint: Path) -> AsyncIterator[IngestProcess]:
    """edge: address of the scheduler it asks for everything."""
    process = await create_subprocess_exec(sys.executable, "-m", __name__, edge, str(checkpoint), stdout=PIPE)
    try:
        assert process.stdout is not None
        yield IngestProcess((await process.stdout.readline()).decode().strip(), process)
    finally:
        process.kill()
        await process.communicate()


async def _serve(edge: str, checkpoint: str) -> None:
    config = load(env={}, overrides={"engine.checkpoint": checkpoint})
    ingest = Ingest(config, OneScheduler(edge), None, MonotonicClock(), metrics=Metrics())
    print(await ingest.start(), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:]))
