"""Builds the whole actor graph from one configuration. Start reading here.

    serve ──► store (Valkey, unless redis.url names one) ──► Ray ──► supervisor
    supervisor ──► expert shards ──► engine ──► scheduler ──► ingest ◄── clients

Ray starts processes and tells of their death. Media, ticks and rows travel over gRPC between the actors.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ray
import structlog
from ray.exceptions import RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from actors.app_actors import SUPERVISOR, RayHandle, RayLauncher
from actors.app_ray import NoSupervisor, start_ray
from actors.app_supervised import Supervised
from actors.builders import first_port, require_free
from actors.handles import ActorInfo, ActorSpec
from actors.leftovers import clear, require_alone
from actors.places import measuring_node
from actors.store import EmbeddedStore
from cluster.config import Config
from cluster.errors import ConfigError
from cluster.session.redis_store import RedisOptions, RedisStore

log = structlog.get_logger()

STOP_S = 60.0  # every role in turn may take what the fleet grants it


class App:
    """A whole cluster, from `start` to `stop`. Raises StoreUnavailable, RayUnreachable or ConfigError: what to do."""

    def __init__(self, config: Config) -> None:
        self.config = _absolute(config)
        self._store: EmbeddedStore | None = None
        self._supervised: Supervised | None = None

    async def start(self) -> tuple[ActorInfo, ...]:
        """Everything serves when this returns; what was begun is ended when it raises."""
        try:
            self._require_ports()
            await self._start_store()
            start_ray(self.config.serve)
            await self._require_alone()
            await self._choose_dtype()
            spec = ActorSpec(role="supervisor", index=0, config=self.config)
            self._supervised = Supervised(RayLauncher(), spec)
            itself = await self._supervised.start()
        except SystemExit as ended:  # SIGTERM while Ray comes up: for that long the handler is Ray's
            await self.stop()
            raise asyncio.CancelledError from ended
        except BaseException:
            await self.stop()
            raise
        return (itself, *await self.actors())

    async def actors(self) -> tuple[ActorInfo, ...]:
        """Who serves now, besides the supervisor."""
        assert self._supervised is not None
        return await self._supervised.supervisor.tell("actors")  # type: ignore[return-value]  # verbs are typed by the shell

    async def facts(self) -> dict[str, str]:
        """What a user wants to know first: address, exchange, dtype, checkpoint."""
        assert self._supervised is not None
        return await self._supervised.supervisor.tell("facts")  # type: ignore[return-value]  # verbs are typed by the shell

    async def stop(self, *, leave: bool = False) -> None:
        """Ask every actor to stop, then take away what was started here. leave: in a Ray that others run, end the
        supervisor alone, so that the next `serve` goes on with its actors.
        """
        try:
            if self._supervised is not None:
                await self._stop_actors(self._supervised, leave=leave)
        finally:
            self._supervised = None
            try:
                ray.shutdown()
            finally:
                if self._store is not None:
                    self._store.stop()
                    self._store = None

    async def _stop_actors(self, supervised: Supervised, *, leave: bool) -> None:
        """What does not stop by itself is killed: nothing of ours may stay in a Ray that others use."""
        leave = leave and bool(self.config.serve.ray_address)
        supervised.end()
        try:
            if not leave:
                await asyncio.wait_for(supervised.supervisor.stop(), STOP_S)
        except Exception as error:
            log.warning("supervisor did not stop by itself", why=repr(error))
        try:
            supervised.supervisor.kill()
            if self.config.serve.ray_address and not leave:  # a Ray of our own ends with all that is in it
                await clear(self.config.serve.namespace)
        except Exception as error:
            log.warning("actors left behind", why=repr(error))

    def _require_ports(self) -> None:
        """At once, where clients are listened for on this machine: an engine takes its time to load."""
        serve = self.config.serve
        for index in range(0 if serve.ray_address else serve.ingests):
            require_free(serve.host, first_port(serve, index))

    async def _require_alone(self) -> None:
        """What a supervisor left that is no more is for the next one to keep or to end."""
        namespace = self.config.serve.namespace
        with contextlib.suppress(NoSupervisor):
            await require_alone(RayHandle(_running_supervisor(namespace)), namespace)

    async def _choose_dtype(self) -> None:
        """Measured on the machine the engine will run on, before anybody loads weights."""
        engine = self.config.engine
        if engine.dtype == "auto":
            spec = ActorSpec(role="engine", index=0, config=self.config)
            there = NodeAffinitySchedulingStrategy(measuring_node(spec, ray.nodes()), soft=False)
            measure = ray.remote(num_cpus=0, max_calls=1, scheduling_strategy=there)(_measure_dtype)
            try:
                dtype, why = await measure.remote(engine.checkpoint, engine.deterministic)
            except RayTaskError as error:
                raise error.cause from error
            log.info("dtype chosen", dtype=dtype, why=why)
            self.config = self.config.model_copy(update={"engine": engine.model_copy(update={"dtype": dtype})})

    async def _start_store(self) -> None:
        redis, serve = self.config.redis, self.config.serve
        if redis.url:
            store = RedisStore(RedisOptions(**redis.model_dump()))
            try:
                await store.ping()  # here and now: later it may go away without harm
            finally:
                await store.close()
            return
        if serve.ray_address:
            raise ConfigError(
                "redis.url", "a cluster of several nodes needs a store all reach; give redis.url or REDIS_URL"
            )
        self._store = EmbeddedStore(serve.data_dir)
        url = self._store.start()
        self.config = self.config.model_copy(update={"redis": redis.model_copy(update={"url": url})})


def _absolute(config: Config) -> Config:
    """Actors run in folders of their own."""
    voice = str(Path(config.serve.voice).resolve()) if config.serve.voice else ""
    serve = config.serve.model_copy(update={"data_dir": config.serve.data_dir.resolve(), "voice": voice})
    engine = config.engine.model_copy(update={"checkpoint": config.engine.checkpoint.resolve()})
    log_dir = config.telemetry.log_dir or (None if serve.ray_address else serve.data_dir / "logs")
    telemetry = config.telemetry.model_copy(update={"log_dir": log_dir and log_dir.resolve()})
    return config.model_copy(update={"serve": serve, "engine": engine, "telemetry": telemetry})


def _measure_dtype(checkpoint: Path, deterministic: bool) -> tuple[str, str]:
    from actors.engine import choose_dtype  # late: only the process that measures needs torch

    return choose_dtype(checkpoint, deterministic)


@contextlib.contextmanager
def joined(config: Config) -> Iterator[RayHandle]:
    """The supervisor of a cluster that runs already. Raises RayUnreachable."""
    start_ray(config.serve)
    try:
        yield RayHandle(_running_supervisor(config.serve.namespace))
    finally:
        ray.shutdown()


def _running_supervisor(namespace: str) -> Any:
    try:
        return ray.get_actor(SUPERVISOR, namespace=namespace)
    except ValueError as error:
        what = f"no Counterpoint runs in {namespace}; start one with `counterpoint serve`"
        raise NoSupervisor(f"serve.namespace: {what}") from error
