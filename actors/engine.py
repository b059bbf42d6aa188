"""The shell of an engine: builds it on its stepping thread, serves it to one scheduler, follows the expert shards."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import grpc
import structlog
import torch
import torch.distributed as dist

from actors.engine_service import EngineFacts, EngineService
from actors.engine_thread import NOTHING, SteppingThread
from actors.engine_wire import CHANNEL_OPTIONS
from actors.expert_client import ExpertClient
from cluster.clock import Clock, MonotonicClock
from cluster.engine import Engine
from cluster.model.all_to_all import AllToAll
from cluster.model.config import load_config
from cluster.model.dispatch import Exchange, Local
from cluster.model.moe import ExpertBank
from cluster.model.placement import held_by
from cluster.model.probe import probe_dtype
from cluster.model.remote import LAST_RESORT_NS, Remote
from cluster.telemetry import metrics as m
from cluster.telemetry.metrics import Metrics
from cluster.telemetry.tracing import Traces
from cluster.types import Dtype, Placement, Versions
from counterpoint.internal.v1 import engine_pb2_grpc

log = structlog.get_logger()

SHARDS_TIMEOUT_S = 30.0
MAX_STREAMS = 16  # schedulers that follow each other, and those that have not noticed yet
RANKS_TIMEOUT = timedelta(days=365)  # a rank waits for the next step however long; a dead peer breaks its connection


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """One of `shards` (the `Grpc` exchange) and `rendezvous` (AllToAll) with a placement, or neither (Local)."""

    checkpoint: Path
    num_slots: int
    dtype: Dtype
    deterministic: bool
    seed: int
    num_pages: int | None  # None: room for every slot at its longest
    host: str
    placement: Placement | None = None
    shards: Mapping[int, str] | None = None  # address of each shard of the placement
    last_resort_ns: int = LAST_RESORT_NS  # how long rows wait once in a tick for a shard that nobody can replace
    rendezvous: str = ""  # tcp://HOST:PORT at which the ranks meet; shards of the placement are ranks
    rank: int = 0


def choose_dtype(checkpoint: Path, deterministic: bool) -> tuple[str, str]:
    """The dtype this machine is faster with, and why. Raises ConfigError for a checkpoint that cannot be read."""
    torch.set_num_threads(1)
    choice = probe_dtype(load_config(checkpoint), MonotonicClock(), deterministic=deterministic)
    return choice.dtype.value, choice.why


def build_engine(settings: EngineSettings, experts: ExpertClient | None) -> Engine:
    """To be called on the thread that will step it. Blocks until all ranks have met, where there are ranks."""
    torch.set_num_threads(1)  # counts for the calling thread alone
    return Engine(
        settings.checkpoint,
        num_slots=settings.num_slots,
        exchange=_exchange(settings, experts),
        dtype=settings.dtype,
        deterministic=settings.deterministic,
        seed=settings.seed,
        num_pages=settings.num_pages,
        clock=MonotonicClock(),
    )


def _exchange(settings: EngineSettings, experts: ExpertClient | None) -> Exchange:
    placement, rank = settings.placement, settings.rank
    if placement is not None and experts is not None:
        return Remote(experts, placement, MonotonicClock(), last_resort_ns=settings.last_resort_ns)
    held = held_by(placement, rank) if placement is not None else None
    bank = ExpertBank(settings.checkpoint, held, dtype=settings.dtype, deterministic=settings.deterministic)
    if placement is None:
        return Local(bank)
    dist.init_process_group(
        "gloo",
        init_method=settings.rendezvous,
        rank=rank,
        world_size=placement.num_shards(),
        timeout=RANKS_TIMEOUT,
    )
    return AllToAll(dist.group.WORLD, bank, placement)


class EngineShell:
    """A plain class, to be an actor or a process of its own. Holds nothing that a history cannot rebuild."""

    def __init__(self, settings: EngineSettings, metrics: Metrics, clock: Clock, traces: Traces | None = None) -> None:
        self._settings, self._metrics, self._clock, self._traces = settings, metrics, clock, traces
        self._experts: ExpertClient | None = None
        if settings.shards is not None:
            self._experts = ExpertClient(settings.shards, metrics=metrics)
        around = self._experts.driven if self._experts is not None else nullcontext
        self._thread = SteppingThread(self._build, around)
        self._server: grpc.Server | None = None
        self._versions: Versions | None = None

    @property
    def progress(self) -> int:
        return self._thread.progress

    async def start(self) -> str:
        """Returns the address. Raises ConfigError for a checkpoint that cannot be read, ExpertUnavailable for shards
        that do not answer.
        """
        if self._experts is not None:
            await asyncio.to_thread(self._experts.start, SHARDS_TIMEOUT_S)
        engine = await asyncio.wrap_future(self._thread.start())
        self._versions = engine.versions
        facts = EngineFacts(
            checkpoint=self._name(engine.versions),
            config_json=(self._settings.checkpoint / "config.json").read_text(),
            versions=engine.versions,
            num_slots=self._settings.num_slots,
            pages_free=engine.cache.table.free_pages,
        )
        # not grpc.aio: all loops of a process share its poller, and every answer of an expert would wake this one too
        pool = ThreadPoolExecutor(MAX_STREAMS, thread_name_prefix="engine-stream")
        self._server = grpc.server(pool, options=(*CHANNEL_OPTIONS, ("grpc.so_reuseport", 0)))
        service = EngineService(
            self._thread,
            facts,
            self._metrics,
            self._clock,
            traces=self._traces,
            tell_experts=self._tell_experts,
        )
        engine_pb2_grpc.add_EngineServicer_to_server(service, self._server)
        bound = self._server.add_insecure_port(f"{self._settings.host}:0")
        self._server.start()
        return f"{self._settings.host}:{bound}"

    def _build(self) -> Engine:
        """The engine, first or in place of one whose step raised, and the gauges on it."""
        engine, all_slots = build_engine(self._settings, self._experts), self._settings.num_slots
        table, slots = engine.cache.table, engine.slots
        self._metrics.follow(m.KV_PAGES, lambda: table.free_pages, state="free")
        self._metrics.follow(m.KV_PAGES, lambda: table.num_pages - table.free_pages, state="used")
        self._metrics.follow(m.SLOTS, lambda: all_slots - len(slots), state="free")
        self._metrics.follow(m.SLOTS, lambda: len(slots), state="used")
        return engine

    def set_shards(self, shards: Mapping[int, str]) -> None:
        """Where the shards are from now on; the placement of experts on them stays."""
        if self._experts is not None:
            self._experts.set_shards(shards)

    def _tell_experts(self, context: bytes) -> None:
        if self._experts is not None:
            self._experts.trace = context

    def describe(self) -> dict[str, str]:
        """What is served, once it is."""
        assert self._versions is not None
        mode = "deterministic" if self._versions.deterministic else "fast"
        return {"checkpoint": self._name(self._versions), "dtype": self._versions.dtype, "mode": mode}

    async def stop(self) -> None:
        if self._server is not None:
            await asyncio.to_thread(self._server.stop(grace=0).wait)
        await asyncio.to_thread(self._thread.close)
        if self._experts is not None:
            await asyncio.to_thread(self._experts.close)

    def _name(self, versions: Versions) -> str:
        return f"{self._settings.checkpoint.name}@{versions.weights_sha256[:12]}"


class EngineRank:
    """A further rank of an AllToAll engine: no sessions of its own, its experts join every pass of rank 0.

    Ends with its group: when another rank dies its process exits, and the supervisor starts all of them again.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._engine: Engine | None = None
        self._steps = 0
        self._met: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="stepping", daemon=True)

    @property
    def progress(self) -> int:
        """Rises with every layer, pass and step of the group, of which an idle rank 0 makes two a second; it stands
        while this rank, or any that it waits for, is frozen or stuck.
        """
        return self._steps + (self._engine.progress if self._engine else 0)

    async def start(self) -> str:
        """Returns once all ranks have met. Raises ConfigError for a checkpoint that cannot be read."""
        self._thread.start()
        await asyncio.wrap_future(self._met)
        return ""

    async def stop(self) -> None:
        """Nothing to give back: the thread waits in a collective until rank 0 is gone."""

    def _run(self) -> None:
        try:
            self._engine = build_engine(self._settings, None)
        except BaseException as error:
            self._met.set_exception(error)
            return
        self._met.set_result(None)
        try:
            while True:
                self._engine.step(NOTHING)
                self._steps += 1
        except Exception:
            log.exception("rank lost its group", rank=self._settings.rank)
            os._exit(1)  # a collective cannot be left in any other way
