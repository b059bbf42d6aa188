"""How the shell of each role is built inside its process. Imports are late: only an engine or a shard needs torch."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from actors.handles import BEFORE, RENDEZVOUS, ActorSpec, Directory, Launcher, Peers, Shell, shards_of
from cluster.clock import MonotonicClock
from cluster.config import Config, Serve
from cluster.errors import ConfigError
from cluster.model.config import load_config
from cluster.model.placement import held_by, uniform_placement
from cluster.telemetry.metrics import Metrics
from cluster.telemetry.tracing import Traces
from cluster.types import Dtype, Placement

if TYPE_CHECKING:
    from actors.engine import EngineSettings


@dataclass(frozen=True, slots=True)
class Building:
    """What a shell may be built from."""

    spec: ActorSpec
    host: str  # to bind and to be reached by
    peers: Peers  # who serves already
    metrics: Metrics
    directory: Directory
    launcher: Launcher
    traces: Traces | None  # None: micro-turns are not traced

    @property
    def config(self) -> Config:
        return self.spec.config


@dataclass(frozen=True, slots=True)
class Role:
    module: str
    build: Callable[[Building], Shell]

    def preload(self) -> None:
        """Import what takes long, so that actors do it side by side."""
        import_module(self.module)


class Blocking(Protocol):
    """A shell whose `start` and `stop` block."""

    @property
    def progress(self) -> int: ...

    def start(self) -> str: ...

    def stop(self) -> None: ...


class OffLoop:
    """Makes a blocking shell one that awaits."""

    def __init__(self, shell: Blocking) -> None:
        self._shell = shell

    @property
    def progress(self) -> int:
        return self._shell.progress

    async def start(self) -> str:
        return await asyncio.to_thread(self._shell.start)

    async def stop(self) -> None:
        await asyncio.to_thread(self._shell.stop)


def placement_of(config: Config) -> Placement:
    """Every expert on `experts.replicas` shards, or ranks. Raises ConfigError for a checkpoint that cannot be read."""
    shards = tuple(range(config.experts.shards))
    experts = load_config(config.engine.checkpoint).num_experts
    return uniform_placement(experts, shards, copies=config.experts.replicas, epoch=1)


def _expert(building: Building) -> Shell:
    from actors.expert import ExpertShard

    engine, placement = building.config.engine, placement_of(building.config)
    shard = ExpertShard(
        engine.checkpoint,
        held_by(placement, building.spec.index),
        dtype=Dtype(engine.dtype),
        deterministic=engine.deterministic,
        address=f"{building.host}:0",
        placement_epoch=placement.epoch,
        metrics=building.metrics,
        traces=building.traces,
    )
    return OffLoop(shard)


def _settings(building: Building) -> EngineSettings:
    from actors.engine import EngineSettings

    config, role = building.config, building.spec.role
    settings = EngineSettings(
        checkpoint=config.engine.checkpoint,
        num_slots=2 * config.scheduler.max_sessions,  # each session has a live and a shadow slot
        dtype=Dtype(config.engine.dtype),
        deterministic=config.engine.deterministic,
        seed=config.engine.seed,
        num_pages=config.engine.num_pages or None,
        host=building.host,
    )
    match config.experts.exchange:
        case "grpc" if role == "engine":
            return replace(
                settings,
                placement=placement_of(config),
                shards=shards_of(building.peers),
                last_resort_ns=config.experts.last_resort_ms * 1_000_000,
            )
        case "alltoall" if role in ("engine", "rank"):
            meeting = building.peers[RENDEZVOUS]
            return replace(
                settings, placement=placement_of(config), rendezvous=f"tcp://{meeting}", rank=building.spec.index
            )
        case _:  # local; and lockstep always: evaluation takes no expert's time from live sessions, nor gives up rows
            return settings


def _engine(building: Building) -> Shell:
    from actors.engine import EngineShell

    return EngineShell(_settings(building), building.metrics, MonotonicClock(), building.traces)


def _rank(building: Building) -> Shell:
    from actors.engine import EngineRank

    return EngineRank(_settings(building))


def _supervisor(building: Building) -> Shell:
    from actors.supervisor import Supervisor

    return Supervisor(building.config, building.launcher, building.metrics)


def _scheduler(building: Building) -> Shell:
    from actors.scheduler import Scheduler
    from cluster.session.redis_store import RedisOptions, RedisStore

    config, name = building.config, building.spec.name
    return Scheduler(
        config,
        RedisStore(RedisOptions(**config.redis.model_dump())),
        building.peers[name.replace("scheduler", "engine")],
        MonotonicClock(),
        host=building.host,
        lockstep=name.startswith("lockstep"),
        metrics=building.metrics,
        traces=building.traces,
    )


def first_port(serve: Serve, index: int) -> int:
    """Where this ingest is to serve; 0: anywhere."""
    return serve.port + index if serve.port and not serve.one_per_node else serve.port


def require_free(host: str, port: int) -> None:
    """Raises ConfigError if somebody serves there, or if nobody can."""
    name = host.strip("[]")
    family = socket.AF_INET6 if ":" in name else socket.AF_INET
    try:
        socket.create_server((name, port), family=family).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(
                "serve.port", f"{port} of {host} is in use; choose another, or 0 for a free one"
            ) from error
        raise ConfigError("serve.host", f"{host}:{port} cannot be served at: {error.strerror}") from error
    except OverflowError as error:
        raise ConfigError("serve.port", f"{port} is no port; choose one that leaves room for every ingest") from error


def _ingest(building: Building) -> Shell:
    from actors.ingest import Ingest
    from actors.ingest_services import read_checkpoint
    from cluster.voice.voice import Voice

    serve, before = building.config.serve, building.peers.get(BEFORE, "")
    port = int(before.rpartition(":")[2]) if before else first_port(serve, building.spec.index)
    require_free(serve.host, port)
    voice = Voice(Path(serve.voice)) if serve.voice else None
    if voice is not None:
        _, vocabulary = read_checkpoint(building.config.engine.checkpoint)
        voice.require(vocabulary.spoken())
    return Ingest(
        building.config,
        building.directory,
        voice,
        MonotonicClock(),
        metrics=building.metrics,
        traces=building.traces,
        host=serve.host,
        port=port,  # clients come back to where they were
        name=building.spec.name,
    )


ROLES = {
    "supervisor": Role("actors.supervisor", _supervisor),
    "ingest": Role("actors.ingest", _ingest),
    "expert": Role("actors.expert", _expert),
    "engine": Role("actors.engine", _engine),
    "rank": Role("actors.engine", _rank),
    "scheduler": Role("actors.scheduler", _scheduler),
    "lockstep-scheduler": Role("actors.scheduler", _scheduler),
    "lockstep-engine": Role("actors.engine", _engine),
}
