"""What microphones hear goes up a second at a time, beside the micro-turns and in nobody's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Executor, Future
from pathlib import Path
from zlib import crc32

import pytest

from actors.ingest_heard import Hearing
from cluster.media.heard import ogg
from counterpoint.internal.v1 import edge_pb2 as pb
from tests.actors.ingest_rig import Rig, rig, write_checkpoint
from tests.unit.test_media_heard import packets, tone

EVEN = next(name for name in map(str, range(100)) if crc32(name.encode()) % 5 == 0)  # its pieces begin with 0, 5, 10 …


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(write_checkpoint(tmp_path)) as made:
        yield made


class Inline(Executor):
    """Works where it is asked to; `fault` is what everything fails with. jobs: micro-turns of each piece."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.jobs: list[int] = []

    def submit(self, fn: object, /, *args: object) -> Future[object]:  # type: ignore[override]  # no keywords needed
        self.jobs += [len(turns) for turns in args]  # type: ignore[arg-type]  # lists of samples
        done: Future[object] = Future()
        if self.fault is None:
            done.set_result(fn(*args))  # type: ignore[operator]
        else:
            done.set_exception(self.fault)
        return done


async def hear(served: Rig, turns: int, **fields: object) -> None:
    client, _ = await served.opened(**fields)
    for k in range(turns):
        await client.audio(k)
    await client.turns(turns)


async def test_a_second_goes_up_at_once_as_ten_packets(served: Rig) -> None:
    await hear(served, 15)
    session = served.scheduler.session
    await served.scheduler.until(lambda: sum(piece.turns for piece in session.heard) > 10)
    assert [piece.turns for piece in session.heard[1:]] == [5] * len(session.heard[1:])
    turns = sum(piece.turns for piece in session.heard)
    assert len(packets(ogg([(piece.k, piece.opus) for piece in session.heard]))) == 2 * turns


async def test_sessions_that_were_opened_together_are_not_encoded_together() -> None:
    first = set()
    for name in map(str, range(20)):
        executor = Inline()
        hearing = Hearing(name, executor, 16_000, lambda _: None)
        for k in range(5):
            hearing.put(k, tone(k))
        hearing.finish()
        first.add(executor.jobs[0])
    assert first == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("off", [{"limits__media_ring_not_for": ["quiet"]}, {"limits__media_ring_s": 0}])
async def test_of_a_tenant_that_wants_none_and_where_there_is_no_ring_nothing_is_kept(
    tmp_path: Path, off: dict[str, object]
) -> None:
    async with rig(write_checkpoint(tmp_path), **off) as served:
        await hear(served, 5, tenant="quiet")
        await served.ingest()  # with the ring, for everybody
        await hear(served, 5, tenant="other")
        quiet, other = served.scheduler.sessions.values()
        await served.scheduler.until(lambda: other.heard)
        assert (len(quiet.turns), quiet.heard) == (5, [])


async def test_a_gap_ends_a_piece_and_the_end_of_the_session_the_last_one() -> None:
    sent: list[pb.EdgeUp] = []
    all_sent = asyncio.Event()

    def send(up: pb.EdgeUp) -> None:
        sent.append(up)
        if len(sent) == 3:
            all_sent.set()

    hearing = Hearing(EVEN, Inline(), 16_000, send)
    for k in (0, 1, 5, 6, 7, 8, 9, 10):
        hearing.put(k, tone(k))
    hearing.finish()
    await all_sent.wait()
    assert [(up.heard.k, up.heard.turns) for up in sent] == [(0, 2), (5, 5), (10, 1)]


async def test_nothing_is_encoded_at_the_moment_a_micro_turn_leaves_nor_after_its_stream_is_over() -> None:
    executor = Inline()
    hearing = Hearing(EVEN, executor, 16_000, lambda _: None)
    for k in range(5):
        hearing.put(k, tone(k))
    assert executor.jobs == []
    hearing.close()
    hearing.finish()
    assert executor.jobs == []


async def test_a_fault_in_hearing_costs_the_session_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    executor, sent = Inline(), []
    executor.fault = ValueError("no")
    hearing = Hearing(EVEN, executor, 16_000, sent.append)
    hearing.put(0, tone(0))
    hearing.finish()
    with pytest.raises(ValueError, match="no"):
        await asyncio.wrap_future(executor.submit(None))  # what was asked before is told before
    hearing.put(1, tone(1))
    hearing.finish()
    assert (executor.jobs, sent) == ([1], [])
    told = capsys.readouterr().out
    assert "not kept any more" in told
    assert EVEN in told.split("session=")[1].split()[0]
