"""The supervisor as `serve` keeps it: told that somebody attends to it, and started again when it dies or freezes.

There is no second one in waiting. A supervisor holds nothing that the actors do not know themselves, so a new one finds
them by their names and goes on; until then live sessions run and new ones are refused with a time to try again.
"""

from __future__ import annotations

import asyncio
import time

import structlog

from actors.handles import ActorInfo, ActorLost, ActorSpec, ActorStarting, Handle, Launcher

ATTEND_S = 1.0
ANSWER_S = 5.0  # a supervisor that says nothing for so long is frozen

log = structlog.get_logger()


class Supervised:
    """Guarantees: from `start` to `end` there is a supervisor, or one is being started."""

    def __init__(self, launcher: Launcher, spec: ActorSpec) -> None:
        self._launcher, self._spec = launcher, spec
        self._keeping: asyncio.Task[None] | None = None
        self._started = False

    async def start(self) -> ActorInfo:
        """Raises what its start raises."""
        await self._launch()
        self._keeping = asyncio.create_task(self._keep())  # a later `serve` is to know of this one while it starts
        info = await self.supervisor.start({})
        self._started = True
        return info

    def end(self) -> None:
        """From now on its death is meant."""
        if self._keeping is not None:
            self._keeping.cancel()

    async def _launch(self) -> None:
        await self._launcher.end(self._spec.config.serve.namespace, (self._spec.name,))
        self.supervisor: Handle = self._launcher.launch(self._spec)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(ATTEND_S)
            try:
                await asyncio.wait_for(self.supervisor.tell("attend"), ANSWER_S)
            except (ActorLost, TimeoutError) as error:
                if self._started:
                    await self._replace(repr(error))
            except ActorStarting:
                continue
            except Exception:
                log.exception("supervisor not attended to")

    async def _replace(self, why: str) -> None:
        lost_s = time.monotonic()
        while True:
            log.error("supervisor lost; another is started", why=why)
            try:
                await self._launch()
                await self.supervisor.start({})
            except Exception as error:  # whatever it is, to give up would make it worse
                why = repr(error)
                await asyncio.sleep(ATTEND_S)
            else:
                log.warning("supervisor serves again", after_s=round(time.monotonic() - lost_s, 1))
                return
