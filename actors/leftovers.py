"""What a `serve` that was killed left in its namespace of Ray: detached actors, which the next one keeps or ends."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import ray
import structlog
from ray.util import list_named_actors

from actors.builders import ROLES
from actors.handles import ActorLost, ActorStarting, Handle
from cluster.errors import ConfigError

ANSWER_S = 5.0
GONE_S, LOOK_S = 10.0, 0.1  # Ray gives a name free some time after the process ended

log = structlog.get_logger()


async def require_alone(supervisor: Handle, namespace: str) -> None:
    """Raises ConfigError if the supervisor answers and a `serve` attends to it; otherwise it is to be replaced."""
    try:
        attended = await asyncio.wait_for(supervisor.tell("attended"), ANSWER_S)
    except ActorStarting:
        attended = True
    except (ActorLost, TimeoutError) as error:
        log.warning("supervisor left behind does not answer", namespace=namespace, why=repr(error))
        return
    if attended:
        raise ConfigError("serve.namespace", f"Counterpoint runs already in {namespace}; choose another, or stop it")
    log.warning("supervisor left behind by a `serve` that ended", namespace=namespace)


def left_in(namespace: str) -> list[str]:
    """Names of our actors there."""
    named = [actor["name"] for actor in list_named_actors(all_namespaces=True) if actor["namespace"] == namespace]
    return [name for name in named if name.rpartition("-")[0] in ROLES]


async def clear(namespace: str, names: Collection[str] | None = None) -> None:
    """Kill these actors of ours there, or all, and wait until the names are free. Raises ConfigError if they stay
    taken.
    """

    def taken() -> list[str]:
        return [name for name in left_in(namespace) if names is None or name in names]

    for name in taken():
        log.info("actor left behind; killed", actor=name)
        try:
            ray.kill(ray.get_actor(name, namespace=namespace))
        except ValueError:
            continue  # gone by itself meanwhile
    try:
        async with asyncio.timeout(GONE_S):
            while taken():  # noqa: ASYNC110 - Ray has no event for it
                await asyncio.sleep(LOOK_S)
    except TimeoutError as error:
        left = ", ".join(taken())
        raise ConfigError("serve.namespace", f"{left} of {namespace} cannot be ended; choose another") from error
