"""The shell of an engine: builds it on its stepping thread, serves it to one scheduler, follows the expert shards."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import grpc
import torch

from actors.engine_service import EngineFacts, EngineService
from actors.engine_thread import SteppingThread
from actors.engine_wire import CHANNEL_OPTIONS
from actors.expert_client import ExpertClient
from cluster.clock import MonotonicClock
from cluster.engine import Engine
from cluster.model.dispatch import Exchange, Local
from cluster.model.moe import ExpertBank
from cluster.model.remote import Remote
from cluster.telemetry.metrics import Metrics
from cluster.types import Dtype, Placement, Versions
from counterpoint.internal.v1 import engine_pb2_grpc


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    checkpoint: Path
    num_slots: int
    dtype: Dtype
    deterministic: bool
    seed: int
    num_pages: int | None  # None: room for every slot at its longest
    placement: Placement | None  # None: every expert in this process
    shards: Mapping[int, str]  # address of each shard of the placement
    host: str


class EngineShell:
    """A plain class, to be an actor or a process of its own. Holds nothing that a history cannot rebuild."""

    def __init__(self, settings: EngineSettings, metrics: Metrics) -> None:
        self._settings, self._metrics = settings, metrics
        self._thread = SteppingThread(self._build)
        self._experts: ExpertClient | None = None
        self._server: grpc.aio.Server | None = None
        self._versions: Versions | None = None

    @property
    def progress(self) -> int:
        return self._thread.progress

    async def start(self) -> str:
        """Returns the address. Raises ConfigError for a checkpoint that cannot be read, ExpertUnavailable for shards
        that do not answer, OSError if the port is taken.
        """
        if self._settings.placement is not None:
            self._experts = ExpertClient(self._settings.shards, metrics=self._metrics)
            await asyncio.to_thread(self._experts.start, 30.0)
        engine = await asyncio.wrap_future(self._thread.start())
        self._versions = engine.versions
        facts = EngineFacts(
            checkpoint=self._name(engine.versions),
            config_json=(self._settings.checkpoint / "config.json").read_text(),
            versions=engine.versions,
            num_slots=self._settings.num_slots,
            pages_free=engine.cache.table.free_pages,
        )
        self._server = grpc.aio.server(options=(*CHANNEL_OPTIONS, ("grpc.so_reuseport", 0)))
        service = EngineService(self._thread, facts, self._metrics)
        engine_pb2_grpc.add_EngineServicer_to_server(service, self._server)
        bound = self._server.add_insecure_port(f"{self._settings.host}:0")
        await self._server.start()
        return f"{self._settings.host}:{bound}"

    def set_shards(self, shards: Mapping[int, str]) -> None:
        """Where the shards are from now on; the placement of experts on them stays."""
        if self._experts is not None:
            self._experts.set_shards(shards)

    def describe(self) -> dict[str, str]:
        """What is served, once it is."""
        assert self._versions is not None
        mode = "deterministic" if self._versions.deterministic else "fast"
        return {"checkpoint": self._name(self._versions), "dtype": self._versions.dtype, "mode": mode}

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop(grace=0)
        await asyncio.to_thread(self._thread.close)
        if self._experts is not None:
            await asyncio.to_thread(self._experts.close)

    def _name(self, versions: Versions) -> str:
        return f"{self._settings.checkpoint.name}@{versions.weights_sha256[:12]}"

    def _build(self) -> Engine:
        torch.set_num_threads(1)  # counts for the calling thread, which is the stepping one
        settings = self._settings
        return Engine(
            settings.checkpoint,
            num_slots=settings.num_slots,
            exchange=self._exchange(),
            dtype=settings.dtype,
            deterministic=settings.deterministic,
            seed=settings.seed,
            num_pages=settings.num_pages,
            clock=MonotonicClock(),
        )

    def _exchange(self) -> Exchange:
        settings = self._settings
        if self._experts is not None and settings.placement is not None:
            return Remote(self._experts, settings.placement, MonotonicClock())
        bank = ExpertBank(settings.checkpoint, dtype=settings.dtype, deterministic=settings.deterministic)
        return Local(bank)
