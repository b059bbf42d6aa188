"""One actor: a shell in a process of its own, with logs and metrics around it. Knows no Ray."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from prometheus_client import start_http_server

from actors.builders import ROLES, Building
from actors.handles import ActorInfo, ActorSpec, ActorStarting, Directory, Launcher, Peers, Shell
from actors.tracing import tracing
from cluster.config import Config
from cluster.telemetry import metrics as m
from cluster.telemetry.logging import configure_logging
from cluster.telemetry.metrics import Metrics
from cluster.telemetry.tracing import Traces

BEAT_S = 1.0
YIELDING = 10  # Ray's own default for workers is 15, at which a busy machine leaves them hardly any time
SOFTWARE = version("counterpoint-cluster")


class Host:
    """Runs one shell; `host` is the name that other actors reach this process by, `node` what its machine is called.

    What the shell raises reaches the caller of the method.
    """

    def __init__(self, spec: ActorSpec, host: str, directory: Directory, launcher: Launcher, *, node: str) -> None:
        self._spec, self._host, self._node = spec, host, node
        self._directory, self._launcher = directory, launcher
        telemetry = spec.config.telemetry
        stream = _log_file(telemetry.log_dir, spec.name) if telemetry.log_dir else None
        self._log = configure_logging(spec.role, level=telemetry.log_level, stream=stream).bind(actor=spec.name)
        self._metrics = Metrics()
        self._shell: Shell | None = None
        self._info: ActorInfo | None = None
        self._traces: Traces | None = None
        self._beating: asyncio.Task[None] | None = None
        ROLES[spec.role].preload()  # slow imports run while other actors start

    async def start(self, peers: Peers) -> ActorInfo:
        self._traces = tracing(self._spec.name)
        building = Building(self._spec, self._host, peers, self._metrics, self._directory, self._launcher, self._traces)
        self._shell = ROLES[self._spec.role].build(building)
        address = await self._shell.start()
        metrics_address = self._expose()
        self._beating = asyncio.create_task(self._beat())
        gc.collect()
        gc.freeze()  # what lives for ever is never walked again: a full collection would cost a tick its margin
        if (niceness := os.getpriority(os.PRIO_PROCESS, 0)) >= YIELDING:
            self._log.warning("others go first: start Ray's nodes with RAY_worker_niceness=0", niceness=niceness)
        self._log.info("serving", address=address, metrics=metrics_address, pid=os.getpid())
        self._info = ActorInfo(
            role=self._spec.role,
            name=self._spec.name,
            pid=os.getpid(),
            node=self._node,
            address=address,
            metrics_address=metrics_address,
        )
        return self._info

    async def serving(self, config: Config, software: str) -> ActorInfo | None:
        """What `start` told, if this actor serves with this very configuration and software."""
        return self._info if (config, software) == (self._spec.config, SOFTWARE) else None

    async def free_address(self) -> str:
        """HOST:PORT here that nobody serves at, for what cannot tell us the port it took."""
        with socket.socket() as probe:
            probe.bind((self._host, 0))
            return f"{self._host}:{probe.getsockname()[1]}"

    async def tell(self, verb: str, *arguments: object) -> object:
        """Await a public method of the shell, or return what a plain one returns. Raises ActorStarting before."""
        if verb.startswith("_"):
            raise ValueError(f"verb: {verb} is private; call a public method")
        if self._shell is None:
            raise ActorStarting(f"{self._spec.name} does not serve yet; ask again")
        result = getattr(self._shell, verb)(*arguments)
        return await result if asyncio.iscoroutine(result) else result

    async def progress(self) -> int:
        return self._shell.progress if self._shell else 0

    async def lifetime(self) -> None:
        """Never returns: who waits for it learns of this actor's death at once."""
        await asyncio.Event().wait()

    async def stop(self) -> None:
        if self._beating is not None:
            self._beating.cancel()
        if self._shell is not None:
            await self._shell.stop()
        if self._traces is not None:
            await asyncio.to_thread(self._traces.close)

    async def _beat(self) -> None:
        """From this loop and not from the thread that answers scrapes: a frozen loop must show."""
        while True:
            self._metrics.set(m.PROGRESS, await self.progress())
            await asyncio.sleep(BEAT_S)

    def _expose(self) -> str:
        telemetry = self._spec.config.telemetry
        server, _ = start_http_server(telemetry.metrics_port, telemetry.metrics_host, registry=self._metrics.registry)
        return f"{reached(telemetry.metrics_host, self._host)}:{server.server_address[1]}"


def reached(bound: str, host: str) -> str:
    """By which name others reach what listens at `bound` on the machine they know as `host`."""
    return host if bound in ("0.0.0.0", "::", "[::]") else bound


def _log_file(folder: Path, name: str) -> TextIO:
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / f"{name}.jsonl").open("a", buffering=1)
