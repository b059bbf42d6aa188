"""The parts of the scheduler's shell: time, routes, journal and history files."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from actors.scheduler_edge import EdgeStream
from actors.scheduler_heard import HeardWrites
from actors.scheduler_journal import HistoryFiles, Journal
from actors.scheduler_routes import Attachment, Routes
from actors.scheduler_time import RealTime, VirtualTime
from cluster.clock import MonotonicClock
from cluster.session.commands import JournalWrite
from cluster.session.events import Answer, JournalOutcome
from cluster.session.heard import Heard
from cluster.telemetry.metrics import Metrics


async def test_a_real_tick_never_starts_before_its_boundary() -> None:
    time = RealTime(MonotonicClock())
    boundary = time.clock.now_ns() + 7_300_000
    await time.until(1, boundary)
    assert time.clock.now_ns() >= boundary


async def test_a_real_tick_waits_beyond_its_boundary_until_what_it_waits_for_is_there() -> None:
    owed = {1}
    time = RealTime(MonotonicClock(), lambda n: 10**12 if n in owed else 0)
    tick = asyncio.ensure_future(time.until(1, time.clock.now_ns()))
    for _ in range(5):
        time.wake()  # something else came
        await asyncio.sleep(0)
    assert not tick.done()
    owed.clear()
    time.wake()
    await tick


async def test_a_real_tick_waits_no_longer_than_it_may() -> None:
    time = RealTime(MonotonicClock(), lambda n: 5_000_000)
    boundary = time.clock.now_ns()
    await time.until(1, boundary)
    assert time.clock.now_ns() >= boundary + 5_000_000


async def test_virtual_time_stands_until_the_input_is_there_then_jumps_to_the_boundary() -> None:
    ready: set[int] = set()
    time = VirtualTime(lambda n: n in ready)
    tick = asyncio.ensure_future(time.until(3, 600_000_000))
    time.wake()
    await asyncio.sleep(0)
    assert not tick.done()
    assert time.clock.now_ns() == 0
    ready.add(3)
    time.wake()
    await tick
    assert time.clock.now_ns() == 600_000_000


class SlowStore:
    """Answers when told to, and remembers every pipeline."""

    def __init__(self) -> None:
        self.pipelines: list[tuple[JournalWrite, ...]] = []
        self.gate = asyncio.Event()
        self.down = False

    async def append(self, writes: tuple[JournalWrite, ...]) -> tuple[JournalOutcome, ...]:
        self.pipelines.append(writes)
        await self.gate.wait()
        if self.down:
            return tuple(JournalOutcome(session=w.session, epoch=w.epoch, answer=Answer.UNAVAILABLE) for w in writes)
        return tuple(
            JournalOutcome(session=w.session, epoch=w.epoch, answer=Answer.WRITTEN, next_index=w.index + 1)
            for w in writes
        )


def write(index: int) -> JournalWrite:
    return JournalWrite(session="s", tenant="t", epoch=1, index=index, records=(b"r",))


async def test_what_comes_while_a_pipeline_is_under_way_goes_with_the_next_in_order() -> None:
    store, answers = SlowStore(), []
    journal = Journal(store, answers.extend, Metrics())
    task = asyncio.create_task(journal.run())
    journal.put((write(0),))
    await asyncio.sleep(0)
    journal.put((write(1),))
    journal.put((write(2),))
    store.gate.set()
    await journal.drained()
    assert [[w.index for w in pipeline] for pipeline in store.pipelines] == [[0], [1, 2]]
    assert [answer.next_index for answer in answers] == [1, 2, 3]
    task.cancel()


async def test_what_was_heard_goes_with_the_journal_and_again_until_the_store_has_it() -> None:
    store = SlowStore()
    store.gate.set()
    heard = HeardWrites(store, most=10)
    pieces = [Heard(k=5 * i, turns=5, opus=b"o") for i in range(12)]
    for piece in pieces:
        heard.put("s", piece)
    store.down = True
    await heard.append((write(0),))
    store.down = False
    for index in range(3):
        await heard.append((write(index),))
    heard.put("s", pieces[0])
    heard.forget("s")
    await heard.append((write(3),))
    given = [pipeline[0].heard for pipeline in store.pipelines]
    newest = tuple(pieces[2:])  # so much waits as the ring keeps
    assert given == [newest[:8], newest[:8], newest[8:], (), ()]
    assert store.pipelines[0][0].heard_most == 10


async def test_of_several_writes_of_a_session_at_once_the_first_carries_what_was_heard() -> None:
    store = SlowStore()
    store.gate.set()
    heard = HeardWrites(store, most=10)
    piece = Heard(k=0, turns=5, opus=b"o")
    for session in ("s", "other"):
        heard.put(session, piece)
    await heard.append((write(0), replace(write(0), session="other"), write(1)))
    await heard.append((write(2),))
    assert [[w.heard for w in pipeline] for pipeline in store.pipelines] == [[(piece,), (piece,), ()], [()]]


async def test_without_a_ring_nothing_that_was_heard_is_written() -> None:
    store = SlowStore()
    store.gate.set()
    heard = HeardWrites(store, most=0)
    heard.put("s", Heard(k=0, turns=5, opus=b"o"))
    await heard.append((write(0),))
    assert [*store.pipelines[0]] == [write(0)]


async def test_an_unreachable_store_is_an_answer_and_not_an_end() -> None:
    store, answers = SlowStore(), []
    journal = Journal(store, answers.extend, Metrics())
    task = asyncio.create_task(journal.run())
    store.gate.set()
    store.down = True
    journal.put((write(0), write(1)))
    await journal.drained()
    store.down = False
    journal.put((write(0),))
    await journal.drained()
    assert [answer.answer for answer in answers] == [Answer.UNAVAILABLE, Answer.UNAVAILABLE, Answer.WRITTEN]
    task.cancel()


async def test_history_lines_land_in_their_sessions_files_in_order(tmp_path: Path) -> None:
    files = HistoryFiles(tmp_path / "history", Metrics())
    files.put((("a", b"1"), ("b", b"x\n")))
    files.put((("a", b"2"),))
    files.flush()
    assert (tmp_path / "history" / "a.jsonl").read_bytes() == b"1\n2\n"
    assert (tmp_path / "history" / "b.jsonl").read_bytes() == b"x\n"


async def test_a_history_is_read_with_what_still_waits_for_the_disk(tmp_path: Path) -> None:
    files = HistoryFiles(tmp_path / "history", Metrics())
    files.put((("a", b"1"), ("b", b"x"), ("a", b"2")))
    assert await files.read("a") == b"1\n2\n"
    assert await files.read("b") == b"x\n"
    assert await files.read("c") == b""


async def test_history_that_cannot_be_kept_is_dropped_and_counted_until_the_disk_takes_it(tmp_path: Path) -> None:
    metrics, folder = Metrics(), tmp_path / "history"
    files = HistoryFiles(folder, metrics, waiting_max=3)
    folder.write_bytes(b"a file stands where the folder should be")
    files.put((("a", b"1"), ("a", b"2")))
    files.flush()
    assert b"counterpoint_history_lines_dropped_total 2.0" in metrics.text()
    files.put(tuple(("a", b"%d" % i) for i in range(3, 8)))
    assert b"counterpoint_history_lines_dropped_total 4.0" in metrics.text()
    folder.unlink()
    files.flush()
    assert (folder / "a.jsonl").read_bytes() == b"3\n4\n5\n"


def test_a_history_stays_in_its_folder_whatever_the_name_of_the_tenant(tmp_path: Path) -> None:
    files = HistoryFiles(tmp_path / "history", Metrics())
    files.put((("../up.00", b"1"),))
    files.flush()
    assert [path.name for path in tmp_path.iterdir()] == ["history"]
    assert [path.name for path in (tmp_path / "history").iterdir()] == ["..%2Fup.00.jsonl"]


class Wire:
    """The context of a stream whose far end reads as slowly as the test wants."""

    def __init__(self) -> None:
        self.written: list[object] = []

    async def write(self, message: object) -> None:
        self.written.append(message)


@pytest.fixture
def streams() -> tuple[EdgeStream, EdgeStream]:
    return EdgeStream(Wire()), EdgeStream(Wire())


def test_a_stream_that_ends_gives_back_its_own_attachments_only(streams: tuple[EdgeStream, EdgeStream]) -> None:
    old, new = streams
    routes = Routes()
    routes.add(Attachment("s", 1, 1), old)
    routes.add(Attachment("s", 1, 2), new)
    routes.add(Attachment("t", 4, 1), old)
    assert set(routes.take(old)) == {Attachment("s", 1, 1), Attachment("t", 4, 1)}
    assert routes.stream("s", 2) is new
    assert routes.stream("s", 1) is None
    routes.forget("s")
    assert len(routes) == 0
