"""What all schedulers hold of one session: had, or erased. token None: who asks was found entitled by a key."""

from __future__ import annotations

from actors.fleet import Fleet
from actors.handles import Handle
from actors.scheduler_held import HISTORY
from cluster.errors import Rejected

Part = tuple[str, bytes]  # name and content


async def export(fleet: Fleet, session: str, token: str | None) -> tuple[Part, ...]:
    """Raises Unauthenticated, Rejected while no scheduler serves, or StoreUnavailable."""
    found: dict[Part, None] = {}
    for scheduler in await _entitled(fleet, session, token):
        parts = await scheduler.tell("export", session)
        assert isinstance(parts, tuple)
        have = {name for name, _ in found} - {HISTORY}  # what they share comes once, though it may grow meanwhile
        found |= dict.fromkeys(part for part in parts if part[0] not in have)
    return tuple(found)


async def erase(fleet: Fleet, session: str, token: str | None) -> bool:
    """False if nothing was held. Raises as `export`."""
    return any([await scheduler.tell("erase", session) for scheduler in await _entitled(fleet, session, token)])


async def _entitled(fleet: Fleet, session: str, token: str | None) -> list[Handle]:
    infos = fleet.serving("scheduler") + fleet.serving("lockstep-scheduler")
    if not infos:
        raise Rejected("scheduler", "none serves at the moment", retry_after_ms=1_000)
    schedulers = [fleet[info.name] for info in infos]
    if token is not None:
        await schedulers[0].tell("authorise", session, token)
    return schedulers
