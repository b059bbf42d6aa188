"""A cluster of its own for as long as a `with` lasts: `counterpoint serve`, started as a user would."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

START_S = 90
STOP_S = 30
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Served:
    """What `counterpoint serve --json` said once everything served, and whether it still runs."""

    facts: dict[str, Any]
    running: Callable[[], bool] = lambda: True

    @property
    def target(self) -> str:
        return str(self.facts["address"])

    @property
    def actors(self) -> list[dict[str, Any]]:
        return list(self.facts["actors"])

    @property
    def pids(self) -> dict[str, int]:
        return {actor["name"]: actor["pid"] for actor in self.actors}


class DidNotServe(RuntimeError):
    """The cluster ended before it served; the message carries its own words."""


def end_with(parent: int) -> Callable[[], None]:
    """For `preexec_fn`: the child gets SIGTERM when `parent` dies, however it dies. Linux; the parent's starting thread
    must live as long as the child should.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl  # loaded before the fork

    def in_child() -> None:
        if prctl(_PR_SET_PDEATHSIG, signal.SIGTERM) or os.getppid() != parent:
            os._exit(1)  # it died before it could be watched

    return in_child


@contextmanager
def served(*options: str, environment: Mapping[str, str] | None = None, log: Path | None = None) -> Iterator[Served]:
    """Start `counterpoint serve --port 0` with more options, stop it at the end. Raises DidNotServe.

    It also stops when this process is killed.

    environment: configuration as `COUNTERPOINT_SECTION__FIELD`. log: where its standard error goes.
    """
    with TemporaryDirectory(prefix="counterpoint-") as data, (log or Path(os.devnull)).open("wb") as errors:
        command = [
            str(Path(sys.executable).with_name("counterpoint")),
            "serve",
            "--json",
            "--port",
            "0",
            "--data",
            data,
            *options,
        ]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **(environment or {})},
            text=True,
            preexec_fn=end_with(os.getpid()),  # a cluster that nobody ends would stand beside the next one
        )
        try:
            yield Served(_first_line(process, log), lambda: process.poll() is None)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.communicate(timeout=STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def _first_line(process: subprocess.Popen[str], log: Path | None) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            return dict(json.loads(line))
    said = log.read_text(errors="replace").strip() if log else "run `counterpoint serve` to see why"
    raise DidNotServe(f"the cluster ended before it served: {said[-2000:]}")
