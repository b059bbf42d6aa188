"""A loop that is driven by whoever waits for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from actors.lent_loop import LentLoop


@pytest.fixture
def loop() -> Iterator[LentLoop]:
    loop = LentLoop("lent")
    loop.start()
    yield loop
    loop.close()


def asked(loop: LentLoop) -> str:
    future: Future[str] = loop.future()
    tasks: list[asyncio.Task[None]] = []

    def begin() -> None:
        tasks.append(asyncio.ensure_future(_tell(future), loop=loop._loop))

    assert loop.post(begin)
    return future.result(timeout=10)


async def _tell(future: Future[str]) -> None:
    await asyncio.sleep(0)
    future.set_result(threading.current_thread().name)


def test_who_waits_runs_it_and_else_its_own_thread(loop: LentLoop) -> None:
    mine = threading.current_thread().name
    for again in range(200):  # steps follow each other, some without a call
        with loop.driven():
            assert again % 2 or [asked(loop), asked(loop)] == [mine, mine]
    assert asked(loop) == "lent"


def test_a_waiter_gives_up_when_its_time_is_over_and_may_wait_again(loop: LentLoop) -> None:
    future: Future[str] = loop.future()
    with loop.driven():
        with pytest.raises(TimeoutError):
            future.exception(timeout=0.01)
        threading.Timer(0.01, lambda: loop.post(future.set_result, "late")).start()
        assert future.result(timeout=10) == "late"


def test_what_was_given_up_before_does_not_end_a_later_wait_when_it_is_done_at_last(loop: LentLoop) -> None:
    given_up: Future[str] = loop.future()
    waited_for: Future[str] = loop.future()
    with loop.driven():
        with pytest.raises(TimeoutError):
            given_up.exception(timeout=0.001)
        loop.post(given_up.set_result, "late")
        threading.Timer(0.05, lambda: loop.post(waited_for.set_result, "in time")).start()
        assert waited_for.result(timeout=10) == "in time"


def test_others_may_post_while_it_is_lent(loop: LentLoop) -> None:
    posted: Future[str] = loop.future()
    with loop.driven():
        other = threading.Thread(target=lambda: loop.post(posted.set_result, "posted"))
        other.start()
        other.join()
        assert posted.result(timeout=10) == "posted"


def test_what_was_posted_before_the_end_is_done_and_nothing_after_it(loop: LentLoop) -> None:
    done: Future[str] = loop.future()
    assert loop.post(done.set_result, "done")
    loop.close()
    assert done.result(timeout=0) == "done"
    assert not loop.post(print)
    with loop.driven():
        assert not loop.post(print)


def test_the_empty_socket_that_grpc_wakes_every_loop_for_is_no_fault_and_everything_else_is(
    loop: LentLoop, caplog: pytest.LogCaptureFixture
) -> None:
    told: Future[None] = loop.future()

    def tell() -> None:
        for message, exception in (
            ("Exception in callback PollerCompletionQueue._handle_events()", BlockingIOError()),
            ("Exception in callback PollerCompletionQueue._handle_events()", RuntimeError("closed")),
            ("Exception in callback other()", BlockingIOError()),
        ):
            asyncio.get_running_loop().call_exception_handler({"message": message, "exception": exception})
        told.set_result(None)

    loop.post(tell)
    told.result(timeout=10)
    assert [record.exc_info and record.exc_info[0] for record in caplog.records] == [RuntimeError, BlockingIOError]
