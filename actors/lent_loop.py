"""An event loop on a thread of its own, which another thread drives for as long as it waits for what the loop brings.

A step waits for a call of an expert a dozen times or more, and each time two threads would have to wake one another:
there and back. Who waits runs the loop itself; between steps the loop's own thread does, so that probes are answered.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

T = TypeVar("T")
# Ended, and never closed: one thread of grpc's brings the rest of what was asked to whichever loop asked, through any
# other loop of the process. A closed one would be a fault there, and what the other waits for would stay behind it.
_ENDED: list[asyncio.AbstractEventLoop] = []


class LentLoop:
    """Everything done on the loop is done by one thread at a time; `post` may be called by any."""

    def __init__(self, name: str) -> None:
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._gate = threading.Lock()  # what is posted before the end is handled before it
        self._loop: asyncio.AbstractEventLoop | None = None  # while it takes what is posted
        self._started = threading.Event()
        self._wanted = self._ended = False
        self._driver = 0  # the thread that has asked for the loop
        self._has_it = False  # and whether it has it by now
        self._parked, self._given_back = threading.Semaphore(0), threading.Semaphore(0)

    def start(self) -> None:
        self._thread.start()
        self._started.wait()

    def close(self) -> None:
        """Do what was posted, cancel every task, end the thread. Does nothing where there is none."""
        with self._gate:
            loop, self._loop = self._loop, None
            if loop:
                loop.call_soon_threadsafe(self._stop, False)
        if self._thread.ident is not None:
            self._thread.join()

    def post(self, do: Callable[..., None], *arguments: object) -> bool:
        """Have it done on the loop; at once, if the calling thread drives it. False where the loop has ended."""
        if self._loop is not None and self._driver == threading.get_ident():
            self._take()
            do(*arguments)
            return True
        with self._gate:
            if self._loop is None:
                return False
            self._loop.call_soon_threadsafe(do, *arguments)
        return True

    def future(self) -> Future[T]:
        return _Driven(self)

    @contextmanager
    def driven(self) -> Iterator[None]:
        """The calling thread drives the loop while it waits for futures of this loop. One thread at a time."""
        with self._gate:
            lent = self._loop is not None
            if self._loop:
                self._loop.call_soon_threadsafe(self._stop, True)
        if not lent:
            yield
            return
        self._driver = threading.get_ident()
        try:
            yield
        finally:
            self._take()
            self._driver, self._has_it = 0, False
            self._given_back.release()

    def drive(self, future: Future[T], timeout_s: float | None) -> bool:
        """Run the loop here until the future is done or the time is over. False if this thread does not drive it."""
        loop = self._loop
        if loop is None or self._driver != threading.get_ident():
            return False
        self._take()
        ends_s = None if timeout_s is None else loop.time() + timeout_s
        if not future.done():
            future.add_done_callback(lambda _: loop.stop())
        # whatever was given up earlier stops the loop too when it is done at last
        while not future.done() and (ends_s is None or loop.time() < ends_s):
            timer = None if ends_s is None else loop.call_at(ends_s, loop.stop)
            loop.run_forever()
            if timer:
                timer.cancel()
        return True

    def _take(self) -> None:
        """Its own thread parks while the step begins; only who comes too early waits for it."""
        if not self._has_it:
            self._parked.acquire()
            self._has_it = True

    def _run(self) -> None:
        self._loop = loop = asyncio.new_event_loop()
        loop.set_exception_handler(_tell)
        self._started.set()
        while not self._ended:
            loop.run_forever()
            if self._wanted:
                self._wanted = False
                self._parked.release()
                self._given_back.acquire()
        loop.run_until_complete(_end_tasks())
        _ENDED.append(loop)

    def _stop(self, wanted: bool) -> None:
        self._wanted, self._ended = self._wanted or wanted, self._ended or not wanted
        asyncio.get_running_loop().stop()


async def _end_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()


def _tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """All grpc.aio loops of a process wake at one socket; all but one find it empty: no fault (grpc/grpc#25364)."""
    found_empty = isinstance(context.get("exception"), BlockingIOError)
    if not (found_empty and "PollerCompletionQueue" in context.get("message", "")):
        loop.default_exception_handler(context)


class _Driven(Future[T], Generic[T]):
    """A future whose waiter drives the loop, where it may."""

    def __init__(self, loop: LentLoop) -> None:
        super().__init__()
        self._loop = loop

    def exception(self, timeout: float | None = None) -> BaseException | None:
        return super().exception(0 if self._loop.drive(self, timeout) else timeout)

    def result(self, timeout: float | None = None) -> T:
        return super().result(0 if self._loop.drive(self, timeout) else timeout)
