"""Whether a new session would be granted here, found out by going its way: supervisor, scheduler, store, engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from cluster.errors import CounterpointError

EVERY_S = 1.0

log = structlog.get_logger()


class Readiness:
    """probe raises what stands in the way; report hears of every answer. That all places are taken does not stand in
    the way: a client is told so, and when to come again, and one that resumes needs none.
    """

    def __init__(self, probe: Callable[[], Awaitable[None]], report: Callable[[bool], Awaitable[None]]) -> None:
        self._probe, self._report = probe, report
        self._why = "nobody was asked yet"

    async def run(self) -> None:
        """For ever."""
        while True:
            why = await self._why_not()
            if bool(why) != bool(self._why):
                log.info("ready", ready=not why, why=why)
            self._why = why
            await self._report(not why)
            await asyncio.sleep(EVERY_S)

    async def _why_not(self) -> str:
        try:
            await self._probe()
        except CounterpointError as error:
            return str(error)
        except Exception as error:  # whatever it is, nobody would be granted anything
            log.exception("the way of a grant cannot be gone")
            return repr(error)
        return ""
