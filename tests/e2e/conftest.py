"""Real clusters for the tests, started as a user starts them: one command, its own processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from cluster.model.presets import MICRO_VISION
from cluster.model.random_checkpoint import write_random_checkpoint

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "models" / "counterpoint-micro"
STOPPED_S = 30


@dataclass(frozen=True, slots=True)
class Served:
    """A cluster as `counterpoint serve --json` told of it."""

    facts: dict[str, Any]
    folder: Path

    @property
    def target(self) -> str:
        return next(actor["address"] for actor in self.facts["actors"] if actor["role"] == "ingest")

    def pids(self, role: str) -> list[int]:
        """Those at the start; an actor that was restarted since has another."""
        return [actor["pid"] for actor in self.facts["actors"] if actor["role"] == role]

    def metrics(self, role: str) -> list[str]:
        return [actor["metrics_address"] for actor in self.facts["actors"] if actor["role"] == role]

    def kill(self, name: str) -> None:
        pid = next(actor["pid"] for actor in self.facts["actors"] if actor["name"] == name)
        os.kill(pid, signal.SIGKILL)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from counterpoint.cli import main; main()", *arguments]


def environment(more: dict[str, str] | None = None) -> dict[str, str]:
    """Deterministic, so that what a cluster has served can be replayed bit for bit."""
    exact = {"COUNTERPOINT_ENGINE__DTYPE": "f32", "COUNTERPOINT_ENGINE__DETERMINISTIC": "true"}
    path = os.pathsep.join((str(ROOT), str(ROOT / "protos")))
    return {**os.environ, "PYTHONPATH": path, **exact, **(more or {})}


def counterpoint(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, env=environment(env), timeout=60, check=False
    )


@contextmanager
def serving(checkpoint: Path, folder: Path, *options: str, env: dict[str, str] | None = None) -> Iterator[Served]:
    """Serves until the block ends; then Ctrl-C, as a user would, and everything must be gone."""
    start = command("serve", "--json", "--port", "0", "--checkpoint", str(checkpoint))
    start += ["--data", str(folder / "data"), *options]
    with (folder / "serve.err").open("w") as errors:
        process = subprocess.Popen(start, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment(env))
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (folder / "serve.err").read_text()
        yield Served(json.loads(line), folder)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=STOPPED_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
    assert process.returncode == 0, (folder / "serve.err").read_text()


@contextmanager
def head(module: str, env: dict[str, str]) -> Iterator[str]:
    """A Ray in a process of its own, away from our warnings, until the end; yields what it prints when it is up."""
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env=environment(env | {"RAY_worker_niceness": "0"}),
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.communicate("")


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights over the shipped vocabulary, so that the shipped voice can say what they say."""
    tokenizer = SHIPPED / "tokenizer.json"
    vocab_size = Tokenizer.from_file(str(tokenizer)).get_vocab_size()
    folder = tmp_path_factory.mktemp("checkpoint")
    write_random_checkpoint(folder, config=replace(MICRO_VISION, vocab_size=vocab_size), sil_bias=2.0)
    shutil.copy(tokenizer, folder)
    return folder


@pytest.fixture(scope="session")
def cluster(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two expert shards behind the Grpc exchange, four sessions at most; shared by the tests that only talk."""
    with serving(checkpoint, tmp_path_factory.mktemp("cluster"), "--sessions", "4") as served:
        yield served
