"""Notices an ingest that says nothing any more: what it cannot pass on is not late, and after a while it is lost.

A frozen process keeps its connection. Its clients come back through another ingest; when it wakes it finds its stream
ended, asks for its sessions again as after any loss, and is told which of them went elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

import structlog

from actors.scheduler_edge import EdgeStream
from cluster.clock import Clock

CHECK_S = 0.05
UNHEARD_NS = 300_000_000  # an ingest beats every 250 ms; input is sealed as late 400 ms after it was due at the soonest
LOST_NS = 3_000_000_000  # when its clients leave it too; nothing is sealed meanwhile, so there is no hurry
OVERSLEPT_NS = 50_000_000

log = structlog.get_logger()


async def watch(streams: Collection[EdgeStream], unheard: Callable[[EdgeStream], None], clock: Clock) -> None:
    """For ever. Who was not scheduled itself gives nobody up; that nothing counts as late meanwhile hurts nobody.
    A stream without heartbeats is never called silent.
    """
    while True:
        begun_ns = clock.now_ns()
        await asyncio.sleep(CHECK_S)
        now_ns = clock.now_ns()
        overslept_ns = now_ns - begun_ns - int(CHECK_S * 1e9)
        for stream in [stream for stream in streams if stream.heard_ns]:
            if overslept_ns > OVERSLEPT_NS:
                stream.excused_ns += overslept_ns
            silent_ns = now_ns - stream.heard_ns
            if silent_ns - stream.excused_ns > LOST_NS:
                log.warning("ingest is silent; stream ended", ingest=stream.ingest)
                stream.end()
            elif silent_ns > UNHEARD_NS:
                unheard(stream)
