"""Processes that are not real but behave: they start, answer, freeze and die. For tests of who supervises them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from itertools import count

import pytest

from actors import fleet, supervisor
from actors.handles import ActorInfo, ActorLost, ActorSpec, Peers
from actors.supervisor import Supervisor
from cluster.config import Config
from cluster.telemetry.metrics import Metrics


def quicken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who supervises waits for nothing."""
    monkeypatch.setattr(supervisor, "BACKOFF_S", 0.0)
    monkeypatch.setattr(fleet, "BEAT_S", 0.0)
    monkeypatch.setattr(fleet, "BEAT_TIMEOUT_S", 0.02)


class Process:
    """A process as its handle shows it."""

    def __init__(self, spec: ActorSpec, pid: int) -> None:
        self.spec, self.pid = spec, pid
        self.address = f"127.0.0.1:{pid}"
        self.peers: Peers = {}
        self.info: ActorInfo | None = None
        self.told: list[tuple[object, ...]] = []
        self.owned: set[str] = set()
        self.stopped = self.frozen = self.stands = False
        self.deaf = self.unstoppable = False
        self.worked = 0
        self._dead = asyncio.Event()

    def _alive(self) -> None:
        if self._dead.is_set():
            raise ActorLost(f"{self.spec.name} is gone")

    async def start(self, peers: Peers) -> ActorInfo:
        self._alive()
        self.peers = dict(peers)
        self.info = ActorInfo(
            role=self.spec.role, name=self.spec.name, pid=self.pid, node="n", address=self.address, metrics_address=""
        )
        return self.info

    async def serving(self, config: Config) -> ActorInfo | None:
        self._alive()
        if self.frozen:
            await self._dead.wait()
        return self.info if config == self.spec.config else None

    async def free_address(self) -> str:
        self._alive()
        return f"127.0.0.1:{self.pid + 5000}"

    async def tell(self, verb: str, *arguments: object) -> object:
        self._alive()
        if self.frozen:
            await self._dead.wait()
        if self.deaf:
            raise RuntimeError(f"{self.spec.name} understands nothing")
        self.told.append((verb, *arguments))
        if verb == "load":
            return len(self.owned)
        return arguments[0] in self.owned if verb == "owns" else None

    async def progress(self) -> int:
        self._alive()
        if self.frozen:
            await self._dead.wait()
        self.worked += not self.stands
        return self.worked

    @property
    def dead(self) -> bool:
        return self._dead.is_set()

    async def lost(self) -> str:
        await self._dead.wait()
        return "killed"

    async def stop(self) -> None:
        self._alive()
        if self.unstoppable:
            raise RuntimeError(f"{self.spec.name} cannot stop")
        self.stopped = True

    def kill(self) -> None:
        self._dead.set()


class Machine:
    """A Launcher that remembers every process it started."""

    def __init__(self) -> None:
        self.started: list[Process] = []
        self.refusals = 0
        self.rooms = 0
        self.asked: list[dict[str, int]] = []
        self._pids = count(1000)
        self._news = asyncio.Event()

    def launch(self, spec: ActorSpec) -> Process:
        if self.refusals:
            self.refusals -= 1
            raise RuntimeError("Ray has no room")
        process = Process(spec, next(self._pids))
        self.started.append(process)
        self._news.set()
        return process

    async def left(self, namespace: str) -> dict[str, Process]:
        return {process.spec.name: process for process in self.started if not process.dead}

    async def end(self, namespace: str, names: Collection[str]) -> None:
        for process in self.started:
            if process.spec.name in names:
                process.kill()

    async def room(self, role: str) -> int:
        return self.rooms

    async def ask(self, wanted: Mapping[str, int]) -> None:
        self.asked.append(dict(wanted))

    def newest(self, name: str) -> Process:
        return [process for process in self.started if process.spec.name == name][-1]

    async def launched(self, number: int) -> None:
        while len(self.started) < number:
            self._news.clear()
            await self._news.wait()


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0)


async def started(config: Config) -> tuple[Supervisor, Machine]:
    machine = Machine()
    boss = Supervisor(config, machine, Metrics())
    await boss.start()
    return boss, machine
