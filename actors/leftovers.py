"""What a killed `serve` left in its namespace of Ray: detached actors that nobody will ever stop."""

from __future__ import annotations

import asyncio

import ray
import structlog
from ray.util import list_named_actors

from actors.builders import ROLES
from actors.handles import ActorLost, Handle
from cluster.errors import ConfigError

ANSWER_S = 5.0
GONE_S, LOOK_S = 10.0, 0.1  # Ray gives a name free some time after the process ended

log = structlog.get_logger()


async def require_alone(supervisor: Handle, namespace: str) -> None:
    """Raises ConfigError if the supervisor answers and a `serve` attends to it; otherwise clears the namespace."""
    try:
        attended = await asyncio.wait_for(supervisor.tell("attended"), ANSWER_S)
    except (ActorLost, TimeoutError) as error:
        log.warning("supervisor left behind does not answer", namespace=namespace, why=repr(error))
    else:
        if attended:
            raise ConfigError(
                "serve.namespace", f"Counterpoint runs already in {namespace}; choose another, or stop it"
            )
        log.warning("supervisor left behind by a `serve` that ended", namespace=namespace)
    await clear(namespace)


async def clear(namespace: str) -> None:
    """Kill every actor of ours there and wait until the names are free. Raises ConfigError if they stay taken."""
    for name in _names(namespace):
        log.info("actor left behind; killed", actor=name)
        try:
            ray.kill(ray.get_actor(name, namespace=namespace))
        except ValueError:
            continue  # gone by itself meanwhile
    try:
        async with asyncio.timeout(GONE_S):
            while _names(namespace):  # noqa: ASYNC110 - Ray has no event for it
                await asyncio.sleep(LOOK_S)
    except TimeoutError as error:
        left = ", ".join(_names(namespace))
        raise ConfigError("serve.namespace", f"{left} of {namespace} cannot be ended; choose another") from error


def _names(namespace: str) -> list[str]:
    named = [actor["name"] for actor in list_named_actors(all_namespaces=True) if actor["namespace"] == namespace]
    return [name for name in named if name.rpartition("-")[0] in ROLES]
