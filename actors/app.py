"""Builds the whole actor graph from one configuration. Start reading here; every option of Ray stands here.

    serve ──► store (Valkey, unless redis.url names one) ──► Ray ──► supervisor
    supervisor ──► expert shards ──► engine ──► scheduler ──► ingest ◄── clients

Ray starts processes and tells of their death. Media, ticks and rows travel over gRPC between the actors.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import ray
import structlog
from ray.exceptions import ActorUnschedulableError, RayActorError, RayTaskError
from ray.util import get_node_ip_address
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from actors.app_ray import RayUnreachable, ask_autoscaler, free, start_ray
from actors.builders import first_port, require_free
from actors.handles import ActorInfo, ActorLost, ActorSpec, Peers
from actors.host import Host
from actors.leftovers import clear, require_alone
from actors.places import RESOURCE, node_for, resource_for
from actors.store import EmbeddedStore
from cluster.config import Config
from cluster.errors import ConfigError, Rejected
from cluster.session.redis_store import RedisOptions, RedisStore

GONE = (RayActorError, ActorUnschedulableError)

log = structlog.get_logger()

SUPERVISOR = "supervisor-0"
STOP_S = 60.0  # every role in turn may take what the fleet grants it
ATTEND_S = 1.0


class RayHost(Host):
    """A Host that knows on which node it lives."""

    def __init__(self, spec: ActorSpec) -> None:
        host = get_node_ip_address() if spec.config.serve.ray_address else "127.0.0.1"
        super().__init__(spec, host, RayDirectory(spec.config), RayLauncher())

    async def start(self, peers: Peers) -> ActorInfo:
        return replace(await super().start(peers), node=ray.get_runtime_context().get_node_id())


class RayHandle:
    """The `Handle` of an actor: errors of its shell come as they were raised, its death as ActorLost."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    async def _ask(self, method: str, *arguments: object) -> Any:
        try:
            return await getattr(self._actor, method).remote(*arguments)
        except GONE as error:
            raise ActorLost(str(error).splitlines()[0]) from error
        except RayTaskError as error:
            raise error.cause from error

    async def start(self, peers: Peers) -> ActorInfo:
        return await self._ask("start", peers)

    async def free_address(self) -> str:
        return await self._ask("free_address")

    async def tell(self, verb: str, *arguments: object) -> object:
        return await self._ask("tell", verb, *arguments)

    async def progress(self) -> int:
        return await self._ask("progress")

    async def lost(self) -> str:
        try:
            await self._actor.lifetime.remote()
        except GONE as error:  # where only its node is silent it is fenced by epochs, should it still live
            return str(error).splitlines()[0]
        return "ended by itself"

    async def stop(self) -> None:
        await self._ask("stop")

    def kill(self) -> None:
        ray.kill(self._actor)


class RayLauncher:
    """One process an actor, spread over the nodes that there are. Actors outlive who started them."""

    def launch(self, spec: ActorSpec) -> RayHandle:
        options: dict[str, Any] = {
            "name": spec.name,
            "namespace": spec.config.serve.namespace,
            "lifetime": "detached",
            "num_cpus": 0,  # placed by rule, not by bin packing
            "max_restarts": 0,  # Ray would restart it without its state; the supervisor does it right
            "max_concurrency": 64,
        }
        nodes = ray.nodes()
        if resource := resource_for(spec, nodes):
            options["resources"] = {resource: 1}
        else:
            options["scheduling_strategy"] = NodeAffinitySchedulingStrategy(node_for(spec, nodes), soft=False)
        return RayHandle(ray.remote(RayHost).options(**options).remote(spec))

    async def room(self, role: str) -> int:
        """0 on nodes that do not offer the role's resource: what they can take is not known."""
        return await asyncio.to_thread(free, f"{RESOURCE}{role}")

    async def ask(self, wanted: Mapping[str, int]) -> None:
        await asyncio.to_thread(ask_autoscaler, {f"{RESOURCE}{role}": number for role, number in wanted.items()})


class RayDirectory:
    """The `Directory` of an ingest: the supervisor, wherever it is now."""

    def __init__(self, config: Config) -> None:
        self._namespace = config.serve.namespace

    async def place(self, *, lockstep: bool) -> str:
        return await self._ask("place", lockstep)

    async def find(self, session: str) -> str:
        return await self._ask("find", session)

    async def _ask(self, verb: str, argument: object) -> str:
        try:
            supervisor = RayHandle(ray.get_actor(SUPERVISOR, namespace=self._namespace))
            return str(await supervisor.tell(verb, argument))
        except (ActorLost, ValueError) as error:
            raise Rejected("supervisor", "it is away; live sessions go on, try again", retry_after_ms=1_000) from error


class App:
    """A whole cluster, from `start` to `stop`. Raises StoreUnavailable, RayUnreachable or ConfigError: what to do."""

    def __init__(self, config: Config) -> None:
        self.config = _absolute(config)
        self._store: EmbeddedStore | None = None
        self._supervisor: RayHandle | None = None
        self._attending: asyncio.Task[None] | None = None

    async def start(self) -> tuple[ActorInfo, ...]:
        """Everything serves when this returns; what was begun is ended when it raises."""
        try:
            self._require_ports()
            await self._start_store()
            start_ray(self.config.serve)
            await self._require_alone()
            await self._choose_dtype()
            self._supervisor = RayLauncher().launch(ActorSpec(role="supervisor", index=0, config=self.config))
            self._attending = asyncio.create_task(_attend(self._supervisor))
            itself = await self._supervisor.start({})
        except SystemExit as ended:  # SIGTERM while Ray comes up: for that long the handler is Ray's
            await self.stop()
            raise asyncio.CancelledError from ended
        except BaseException:
            await self.stop()
            raise
        return (itself, *await self.actors())

    async def actors(self) -> tuple[ActorInfo, ...]:
        """Who serves now, besides the supervisor."""
        assert self._supervisor is not None
        return await self._supervisor.tell("actors")  # type: ignore[return-value]  # verbs are typed by the shell

    async def facts(self) -> dict[str, str]:
        """What a user wants to know first: address, exchange, dtype, checkpoint."""
        assert self._supervisor is not None
        return await self._supervisor.tell("facts")  # type: ignore[return-value]  # verbs are typed by the shell

    async def stop(self) -> None:
        """Ask every actor to stop, then take away what was started here."""
        try:
            if self._supervisor is not None:
                await self._stop_actors(self._supervisor)
        finally:
            self._supervisor = None
            try:
                ray.shutdown()
            finally:
                if self._store is not None:
                    self._store.stop()
                    self._store = None

    async def _stop_actors(self, supervisor: RayHandle) -> None:
        """What does not stop by itself is killed: nothing of ours may stay in a Ray that others use."""
        if self._attending is not None:
            self._attending.cancel()
        try:
            await asyncio.wait_for(supervisor.stop(), STOP_S)
        except Exception as error:
            log.warning("supervisor did not stop by itself", why=repr(error))
        try:
            supervisor.kill()
            if self.config.serve.ray_address:  # a Ray of our own ends with all that is in it
                await clear(self.config.serve.namespace)
        except Exception as error:
            log.warning("actors left behind", why=repr(error))

    def _require_ports(self) -> None:
        """At once, where clients are listened for on this machine: an engine takes its time to load."""
        serve = self.config.serve
        for index in range(0 if serve.ray_address else serve.ingests):
            require_free(serve.host, first_port(serve, index))

    async def _require_alone(self) -> None:
        namespace = self.config.serve.namespace
        try:
            supervisor = RayHandle(_running_supervisor(namespace))
        except RayUnreachable:
            await clear(namespace)  # a supervisor that died alone leaves the others
        else:
            await require_alone(supervisor, namespace)

    async def _choose_dtype(self) -> None:
        """Measured on the machine the engine will run on, before anybody loads weights."""
        engine = self.config.engine
        if engine.dtype == "auto":
            measure = ray.remote(num_cpus=0, max_calls=1)(_measure_dtype)
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


async def _attend(supervisor: RayHandle) -> None:
    """While it is told so, a later `serve` knows that this one lives."""
    while True:
        await asyncio.sleep(ATTEND_S)
        try:
            await supervisor.tell("attend")
        except ActorLost:
            return
        except Exception as error:  # once more: it may not be built yet
            log.info("supervisor not attended to", why=repr(error))


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
        raise RayUnreachable(f"serve.namespace: {what}") from error
