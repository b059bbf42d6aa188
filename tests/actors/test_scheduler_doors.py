"""The doors of a core without a wire: resumes that race, and faults that stay where they happen."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from actors import scheduler_doors
from actors.scheduler_claims import Claims
from actors.scheduler_doors import Doors
from actors.scheduler_edge import EdgeStream
from actors.scheduler_heard import HeardWrites
from actors.scheduler_journal import HistoryFiles, Journal
from actors.scheduler_time import RealTime
from actors.scheduler_usage import Usage
from actors.scheduler_wire import encode
from cluster.clock import MonotonicClock
from cluster.errors import Rejected, StoreUnavailable
from cluster.session.commands import EdgeOut, OpenGranted
from cluster.session.store import MemoryStore, Seat, StoredSession
from cluster.telemetry import metrics as m
from cluster.telemetry.metrics import Metrics
from cluster.telemetry.scrape import Scrape
from counterpoint.internal.v1 import edge_pb2 as pb
from tests.unit.core_rig import Rig

SESSION = "default.00"


class FarStore(MemoryStore):
    """Others run while it thinks; as it is told, it also breaks in a way nobody foresaw."""

    broken = away = False

    async def ping(self) -> None:
        if self.away:
            raise StoreUnavailable("nobody answers")

    async def redeem(self, tenant: str, session: str, *, token: str, fresh: str) -> Seat:
        seat = await super().redeem(tenant, session, token=token, fresh=fresh)
        await asyncio.sleep(0)
        return seat

    async def load(self, tenant: str, session: str) -> StoredSession:
        await asyncio.sleep(0)
        if self.broken:
            raise KeyError("epoch")
        return await super().load(tenant, session)


class Wire:
    """Nothing is written before a test asks for it."""


class Said(EdgeStream):
    def __init__(self) -> None:
        super().__init__(Wire())  # type: ignore[arg-type]  # never written to
        self.said: list[pb.EdgeDown] = []

    def send(self, down: pb.EdgeDown) -> None:
        self.said.append(down)


@pytest.fixture
async def rig() -> Rig:
    """A core whose only session is an orphan in the store: its scheduler is gone."""
    rig = Rig(max_sessions=2, store=FarStore())
    await rig.open(SESSION)
    await rig.tick()
    rig.core = rig.new_core(engine_epoch=2)
    return rig


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def doors(rig: Rig, tmp_path: Path, metrics: Metrics) -> Doors:
    journal = Journal(rig.store, lambda _: None, Metrics())
    return Doors(
        rig.core,
        Claims(rig.store, "here", lockstep=False),
        journal,
        HistoryFiles(tmp_path, Metrics()),
        Usage(tmp_path / "usage", Metrics()),
        HeardWrites(rig.store, most=60),
        time=RealTime(MonotonicClock()),
        clock=MonotonicClock(),
        engine_serves=lambda: True,
        checkpoint="c",
        keep_history=False,
        metrics=metrics,
    )


def resume(request_id: int, token: str = "secret") -> pb.EdgeUp:
    return pb.EdgeUp(session=SESSION, reattach=pb.Reattach(token=token, received_k=-1, request_id=request_id))


async def idle(doors: Doors) -> None:
    while doors._tasks:
        await asyncio.gather(*doors._tasks, return_exceptions=True)


async def test_of_two_resumes_of_an_orphan_one_adopts_it_and_the_newer_client_has_it(rig: Rig, doors: Doors) -> None:
    first, second = Said(), Said()
    doors.receive(first, resume(1))
    doors.receive(second, resume(2))
    await idle(doors)
    assert [down.WhichOneof("message") for down in first.said] == ["granted", "superseded"]
    assert [down.WhichOneof("message") for down in second.said] == ["granted"]
    assert [down.epoch for down in first.said + second.said] == [2, 2, 2]
    assert len(rig.core) == 1


async def test_the_gap_is_told_from_the_loss_of_an_ingest_until_its_session_is_resumed(
    rig: Rig, doors: Doors, metrics: Metrics
) -> None:
    def gaps() -> float:
        return Scrape.of(metrics.text().decode()).get(f"{m.FAILOVER_GAP.name}_count", lost="ingest")

    first, second, third, fourth = Said(), Said(), Said(), Said()
    doors.receive(first, resume(1))
    await idle(doors)
    assert gaps() == 0  # nobody knows here since when it was an orphan
    doors.lost(first)
    doors.receive(second, resume(2, first.said[-1].granted.token))
    await idle(doors)
    assert gaps() == 1
    doors.receive(third, resume(3, second.said[-1].granted.token))
    await idle(doors)
    assert gaps() == 1  # its client went elsewhere, nothing was lost
    granted = third.said[-1]
    left = pb.EdgeUp(session=SESSION, epoch=granted.epoch, attachment=granted.attachment)
    left.detach.reason = "gone"
    doors.receive(third, left)
    doors.lost(third)
    doors.receive(fourth, resume(4, granted.granted.token))
    await idle(doors)
    assert fourth.said[-1].WhichOneof("message") == "granted"
    assert gaps() == 1  # its client had left by itself before


async def test_a_resume_that_breaks_unforeseen_is_refused_and_leaves_nothing_waiting(rig: Rig, doors: Doors) -> None:
    rig.store.broken = True  # type: ignore[attr-defined]  # it is a FarStore
    stream = Said()
    doors.receive(stream, resume(7))
    await idle(doors)
    (refused,) = stream.said
    assert (refused.rejected.code, refused.rejected.request_id) == ("internal", 7)
    assert doors._asking == {}
    assert len(rig.core) == 0


async def test_an_open_the_core_breaks_at_leaves_nothing_in_the_store(
    rig: Rig, doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(rig.core), "handle", lambda *_: 1 // 0)
    stream = Said()
    doors.receive(stream, pb.EdgeUp(open=pb.Open(request_id=3)))
    await idle(doors)
    assert [down.rejected.code for down in stream.said] == ["internal"]
    assert doors._asking == {}
    assert [session for _, session in rig.store._held] == [SESSION]


async def test_a_message_that_cannot_be_handled_does_not_end_the_stream_of_its_ingest(
    rig: Rig, doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Said()
    doors.receive(stream, pb.EdgeUp(session="other"))
    with monkeypatch.context() as patch:
        patch.setattr(type(rig.core), "handle", lambda *_: 1 // 0)
        doors.receive(stream, pb.EdgeUp(session="other", detach=pb.Detach(reason="gone")))
    doors.receive(stream, resume(1))
    await idle(doors)
    assert [down.WhichOneof("message") for down in stream.said] == ["granted"]


async def test_a_grant_that_cannot_be_written_closes_its_session_and_the_loop_that_said_it_goes_on(
    rig: Rig, doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwritable(out: EdgeOut, checkpoint: str) -> pb.EdgeDown:
        if isinstance(out, OpenGranted):
            raise ValueError("the token is no text")
        return encode(out, checkpoint)

    monkeypatch.setattr(scheduler_doors, "encode", unwritable)
    stream = Said()
    doors.receive(stream, resume(1))
    await idle(doors)
    assert rig.core.session(SESSION).ended
    assert "granted" not in [down.WhichOneof("message") for down in stream.said]


async def probed(doors: Doors) -> pb.EdgeDown:
    stream = Said()
    doors.receive(stream, pb.EdgeUp(probe=pb.Probe(request_id=5)))
    await idle(doors)
    (answer,) = stream.said
    return answer


async def test_a_probe_says_that_a_session_would_be_granted_and_begins_none(rig: Rig, doors: Doors) -> None:
    answer = await probed(doors)
    assert (answer.probed.request_id, answer.probed.full) == (5, False)
    assert len(rig.core) == 0
    assert [session for _, session in rig.store._held] == [SESSION]


async def test_a_probe_tells_apart_that_places_are_taken(
    rig: Rig, doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise Rejected("scheduler.max_sessions", "all 2 are taken", 5_000)

    monkeypatch.setattr(type(rig.core), "check_room", full)
    assert (await probed(doors)).probed.full


@pytest.mark.parametrize("missing", ["redis", "engine"])
async def test_a_probe_is_refused_as_a_session_would_be(rig: Rig, doors: Doors, missing: str) -> None:
    rig.store.away = missing == "redis"  # type: ignore[attr-defined]  # it is a FarStore
    doors._engine_serves = lambda: missing != "engine"
    refused = (await probed(doors)).rejected
    assert (refused.request_id, refused.limit) == (5, missing)
    assert refused.retry_after_ms > 0
