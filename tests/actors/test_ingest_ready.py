"""An ingest is ready while a new session would be granted, and says so to its health service and in its metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckResponse

from actors import ingest_ready
from cluster.errors import Rejected
from counterpoint.internal.v1 import edge_pb2 as pb
from tests.actors.ingest_rig import Rig, rig, write_checkpoint

AWAY = pb.OpenRejected(code="overloaded", limit="redis", reason="the session store is away", retry_after_ms=1_000)


@pytest.fixture
async def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    monkeypatch.setattr(ingest_ready, "EVERY_S", 0.01)
    async with rig(write_checkpoint(tmp_path)) as made:
        yield made


async def told(served: Rig, ready: bool) -> None:
    """Returns once the health service says so, as whoever watches it hears."""
    wanted = HealthCheckResponse.SERVING if ready else HealthCheckResponse.NOT_SERVING
    async with asyncio.timeout(10), grpc.aio.insecure_channel(served.target) as channel:
        async for answer in health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest()):
            if answer.status == wanted:
                break
    assert f"counterpoint_ready {float(ready)}" in served.metrics.text().decode()


async def test_it_is_ready_while_the_scheduler_would_grant_and_no_session_is_begun_for_it(served: Rig) -> None:
    await told(served, True)
    assert served.scheduler.sessions == {}
    served.scheduler.probed = AWAY
    await told(served, False)
    served.scheduler.probed = pb.Probed()
    await told(served, True)


async def test_full_is_ready_for_a_client_is_told_when_to_come_again(served: Rig) -> None:
    served.scheduler.probed = pb.Probed(full=True)
    await told(served, True)


async def test_it_is_not_ready_without_a_scheduler_or_while_nobody_places_sessions(served: Rig) -> None:
    async def away(**_: object) -> str:
        raise Rejected("supervisor", "it is away", 1_000)

    await told(served, True)
    served.directory.place = away
    await told(served, False)
    del served.directory.place
    await told(served, True)
    await served.scheduler.stop()
    await told(served, False)


async def test_who_drains_is_ready_for_nobody(served: Rig) -> None:
    await told(served, True)
    (ingest,) = served._ingests
    await ingest.drain(1, "a new release")
    await told(served, False)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await told(served, True)
