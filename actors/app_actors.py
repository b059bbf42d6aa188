"""What Ray gives the actors: a process for each, a handle to it, a place, and a name to be found by."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping
from typing import Any

import ray
from ray.exceptions import ActorUnschedulableError, RayActorError, RayTaskError
from ray.util import get_node_ip_address
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from actors.app_ray import ask_autoscaler, free
from actors.handles import ActorInfo, ActorLost, ActorSpec, ActorStarting, Peers
from actors.host import SOFTWARE, Host
from actors.leftovers import clear, left_in
from actors.places import RESOURCE, labels_for, node_for, resource_for
from cluster.config import Config
from cluster.errors import Rejected

GONE = (RayActorError, ActorUnschedulableError)
SUPERVISOR = "supervisor-0"


class RayHost(Host):
    """A Host that knows on which node it lives."""

    def __init__(self, spec: ActorSpec) -> None:
        host = get_node_ip_address() if spec.config.serve.ray_address else "127.0.0.1"
        node = ray.get_runtime_context().get_node_id()
        super().__init__(spec, host, RayDirectory(spec.config), RayLauncher(), node=node)


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

    async def serving(self, config: Config) -> ActorInfo | None:
        return await self._ask("serving", config, SOFTWARE)

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
            "max_concurrency": 1_000,  # each supervisor there ever was leaves one call that waits for this one's death
        }
        nodes = ray.nodes()
        if resource := resource_for(spec, nodes):
            options["resources"], options["label_selector"] = {resource: 1}, labels_for(spec)
        else:
            options["scheduling_strategy"] = NodeAffinitySchedulingStrategy(node_for(spec, nodes), soft=False)
        return RayHandle(ray.remote(RayHost).options(**options).remote(spec))

    async def left(self, namespace: str) -> dict[str, RayHandle]:
        return await asyncio.to_thread(_left, namespace)

    async def end(self, namespace: str, names: Collection[str]) -> None:
        await clear(namespace, names)

    async def room(self, role: str) -> int:
        """0 on nodes that do not offer the role's resource: what they can take is not known."""
        return await asyncio.to_thread(free, f"{RESOURCE}{role}")

    async def ask(self, wanted: Mapping[str, int]) -> None:
        await asyncio.to_thread(ask_autoscaler, {f"{RESOURCE}{role}": number for role, number in wanted.items()})


def _left(namespace: str) -> dict[str, RayHandle]:
    found = {}
    for name in left_in(namespace):
        with contextlib.suppress(ValueError):  # gone by itself meanwhile
            found[name] = RayHandle(ray.get_actor(name, namespace=namespace))
    found.pop(SUPERVISOR, None)
    return found


class RayDirectory:
    """The `Directory` of an ingest: the supervisor, wherever it is now."""

    def __init__(self, config: Config) -> None:
        self._namespace = config.serve.namespace

    async def place(self, *, lockstep: bool, trial: bool) -> str:
        return await self._ask("place", lockstep, trial)

    async def find(self, session: str) -> str:
        return await self._ask("find", session)

    async def export(self, session: str, token: str | None) -> tuple[tuple[str, bytes], ...]:
        return await self._ask("export", session, token)

    async def erase(self, session: str, token: str | None) -> bool:
        return await self._ask("erase", session, token)

    async def _ask(self, verb: str, *arguments: object) -> Any:
        try:
            supervisor = RayHandle(ray.get_actor(SUPERVISOR, namespace=self._namespace))
            return await supervisor.tell(verb, *arguments)
        except (ActorLost, ActorStarting, ValueError) as error:
            raise Rejected("supervisor", "it is away; live sessions go on, try again", retry_after_ms=1_000) from error
