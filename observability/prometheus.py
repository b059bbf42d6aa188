"""A real Prometheus over the actors of one machine, for tests and for pictures."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

RULES = Path(__file__).parent / "rules"
PROGRAM = shutil.which("prometheus")
MISSING = "prometheus is missing: apt-get install --no-install-recommends prometheus"
READY_S, STOP_S = 30.0, 10.0


@dataclass(frozen=True, slots=True)
class Prometheus:
    url: str
    targets: Path

    def scrape(self, actors: Sequence[dict[str, Any]]) -> None:
        """From now on these, as `counterpoint serve --json` lists them: who is started again serves elsewhere."""
        self.targets.write_text(json.dumps([_target(actor) for actor in actors]))

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """The series of which the expression has a number now. Raises ValueError where Prometheus does not take it."""
        return [series for series in self._get("query", query=expression) if series["value"][1] != "NaN"]

    def ask_range(self, expression: str, *, start: float, end: float, step: float) -> list[dict[str, Any]]:
        """The series with their values between two Unix times."""
        return self._get("query_range", query=expression, start=start, end=end, step=step)

    def sees(self, actors: int) -> bool:
        """So many targets were scraped: that takes Prometheus some seconds after it is ready."""
        try:
            return len(self.ask("up")) >= actors
        except (OSError, ValueError):
            return False

    def _get(self, verb: str, **parameters: object) -> list[dict[str, Any]]:
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{verb}?{urllib.parse.urlencode(parameters)}") as answer:
                found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
                return found
        except urllib.error.HTTPError as error:
            with error:
                raise ValueError(f"{parameters['query']}: {json.load(error)['error']}") from error


@contextmanager
def prometheus(actors: Sequence[dict[str, Any]], folder: Path, *, every_s: int = 1) -> Iterator[Prometheus]:
    """actors: as `counterpoint serve --json` lists them. Has scraped all of them once, and serves until the block ends,
    with the rules of this folder.

    Raises FileNotFoundError where Prometheus is not installed, TimeoutError where it does not come up.
    """
    if PROGRAM is None:
        raise FileNotFoundError(MISSING)
    discovery = {"files": [str(folder / "targets.json")], "refresh_interval": "1s"}
    config = {
        "global": {"scrape_interval": f"{every_s}s", "scrape_timeout": f"{every_s}s", "evaluation_interval": "1s"},
        "rule_files": [str(path) for path in sorted(RULES.glob("*.yaml"))],
        "scrape_configs": [{"job_name": "counterpoint", "file_sd_configs": [discovery]}],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    served = Prometheus(f"http://{address}", folder / "targets.json")
    served.scrape(actors)
    command = [PROGRAM, f"--config.file={folder / 'prometheus.yaml'}", f"--web.listen-address={address}"]
    command.append(f"--storage.tsdb.path={folder / 'tsdb'}")
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait(served, len(actors), process, folder / "prometheus.log")
        yield served
    finally:
        process.terminate()
        process.wait(STOP_S)


def _target(actor: dict[str, Any]) -> dict[str, Any]:
    return {"targets": [actor["metrics_address"]], "labels": {"role": actor["role"], "actor": actor["name"]}}


def _wait(served: Prometheus, actors: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_S
    while not served.sees(actors):
        if process.poll() is not None or time.monotonic() > until:
            raise TimeoutError(f"prometheus: does not come up: {log.read_text()[-2000:]}")
        time.sleep(0.1)
