"""The one thread that builds and steps the engine, and the counter that shows it is alive. Torch-free."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from typing import Generic, Protocol, TypeVar

from cluster.types import StepResult, TickBatch

IDLE_BEAT_S = 0.020  # DESIGN.md section 8: the counter advances every 20 ms while the thread waits
IDLE_BEATS = 25  # after which it takes a step without work
NOTHING = TickBatch(n=0, engine_epoch=0, work=())


class Stepper(Protocol):
    """What is stepped. `progress` rises after every layer and pass."""

    progress: int

    def step(self, batch: TickBatch) -> StepResult: ...


S = TypeVar("S", bound=Stepper)
_Job = tuple[TickBatch, "Future[StepResult]"]


class SteppingThread(Generic[S]):
    """Runs every step on one thread, in the order asked, and one without work every half second that nobody asks: ranks
    that wait for this engine take part, so their progress rises too, and what stands here is one that does not answer.

    A step that raises fails its own future and no other; what it left behind is not trusted, and the engine is built
    anew. If that fails too the thread ends, its progress stands, and whoever watches it replaces the process.
    """

    def __init__(
        self, build: Callable[[], S], around: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        """around: entered for each step, on the stepping thread."""
        self._build, self._around = build, around
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._engine: S | None = None
        self._beats_before = 0  # idle ones, and those of engines that were replaced
        self._thread = threading.Thread(target=self._run, name="stepping", daemon=True)
        self._ready: Future[S] = Future()

    def start(self) -> Future[S]:
        """The engine once it is built, or the error that building it raised."""
        self._thread.start()
        return self._ready

    @property
    def progress(self) -> int:
        """Rises with every layer, pass and 20 ms of waiting; it stands while the thread is frozen or stuck."""
        return self._beats_before + (self._engine.progress if self._engine else 0)

    def step(self, batch: TickBatch) -> Future[StepResult]:
        future: Future[StepResult] = Future()
        future.set_running_or_notify_cancel()  # a scheduler that goes away cannot undo a step
        self._jobs.put((batch, future))
        return future

    def close(self) -> None:
        """End the thread after the steps already asked for."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._engine = engine = self._build()
        except BaseException as error:
            self._ready.set_exception(error)
            return
        self._ready.set_result(engine)
        while (job := self._next()) is not None:
            batch, future = job
            try:
                with self._around():
                    result = engine.step(batch)
                future.set_result(result)
            except Exception as error:
                self._beats_before += engine.progress
                self._engine = engine = self._rebuild(future, error)

    def _rebuild(self, future: Future[StepResult], error: Exception) -> S:
        self._engine = None
        try:
            return self._build()
        finally:
            future.set_exception(error)

    def _next(self) -> _Job | None:
        for _ in range(IDLE_BEATS):
            try:
                return self._jobs.get(timeout=IDLE_BEAT_S)
            except queue.Empty:
                self._beats_before += 1
        return NOTHING, Future()
