"""Expert shards as real processes, for the tests around them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class ShardProcess:
    """One shard; its address is known once it serves."""

    process: subprocess.Popen[str]
    address: str = ""

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        os.kill(self.process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def thaw(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)


def start(checkpoint: Path, *arguments: str) -> ShardProcess:
    command = [sys.executable, "-m", "actors.expert", "--checkpoint", str(checkpoint), *arguments]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'protos'}"}
    return ShardProcess(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment))


@contextmanager
def running(checkpoint: Path, *shards: tuple[str, ...]) -> Iterator[list[ShardProcess]]:
    """One shard per tuple of further arguments, started all at once; each serves when this is entered."""
    started = [start(checkpoint, *arguments) for arguments in shards]
    try:
        for shard in started:
            with shard.process.stdout as output:
                shard.address = json.loads(output.readline())["address"]
        yield started
    finally:
        for shard in started:
            shard.kill()
