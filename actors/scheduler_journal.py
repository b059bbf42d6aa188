"""Carries journal writes to the store beside the ticks, in order. Nothing that is emitted waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import structlog

from cluster.clock import MonotonicClock
from cluster.errors import StoreUnavailable
from cluster.session.commands import JournalWrite
from cluster.session.events import Answer, JournalOutcome
from cluster.telemetry import metrics as m
from cluster.telemetry.metrics import Metrics

log = structlog.get_logger()


class JournalStore(Protocol):
    async def write(self, writes: tuple[JournalWrite, ...]) -> tuple[JournalOutcome, ...]:
        """One pipeline for all. Raises StoreUnavailable when nothing is known about any of them."""


class Journal:
    """One pipeline at a time: what came meanwhile goes with the next, so a slow store makes fewer and larger ones."""

    def __init__(
        self, store: JournalStore, answered: Callable[[tuple[JournalOutcome, ...]], None], metrics: Metrics
    ) -> None:
        self._store, self._answered, self._metrics = store, answered, metrics
        self._clock = MonotonicClock()  # the wall's, in lockstep too: a store is as slow as it is
        self._waiting: list[JournalWrite] = []
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, writes: tuple[JournalWrite, ...]) -> None:
        if writes:
            self._waiting += writes
            self._idle.clear()
            self._news.set()

    async def drained(self) -> None:
        """Until every write so far was answered."""
        await self._idle.wait()

    async def run(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            writes, self._waiting = tuple(self._waiting), []
            self._answered(await self._write(writes))
            if not self._waiting:
                self._idle.set()

    async def _write(self, writes: tuple[JournalWrite, ...]) -> tuple[JournalOutcome, ...]:
        begun_ns = self._clock.now_ns()
        try:
            outcomes = await self._store.write(writes)
        except StoreUnavailable as error:
            log.warning("journal not reached", why=str(error), writes=len(writes))
            self._metrics.add(m.JOURNAL_FAILURES)
            return tuple(
                JournalOutcome(session=write.session, epoch=write.epoch, answer=Answer.UNAVAILABLE) for write in writes
            )
        self._metrics.observe(m.JOURNAL_WRITE, (self._clock.now_ns() - begun_ns) / 1e9)
        self._metrics.add(m.JOURNAL_BYTES, sum(len(record) for write in writes for record in write.records))
        fenced = sum(outcome.answer is Answer.FENCED for outcome in outcomes)
        self._metrics.add(m.FENCED, fenced, place="journal")
        return outcomes


class HistoryFiles:
    """Appends a session's history to its own file, off the event loop, in order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines: list[tuple[str, bytes]] = []
        self._news = asyncio.Event()

    def put(self, lines: tuple[tuple[str, bytes], ...]) -> None:
        if lines:
            self._lines += lines
            self._news.set()

    async def run(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        while True:
            await self._news.wait()
            self._news.clear()
            lines, self._lines = self._lines, []
            await asyncio.to_thread(self._append, lines)

    def flush(self) -> None:
        """What still waits, before the process ends."""
        self._append(self._lines)
        self._lines = []

    def _append(self, lines: list[tuple[str, bytes]]) -> None:
        by_session: dict[str, list[bytes]] = {}
        for session, line in lines:
            by_session.setdefault(session, []).append(line)
        for session, found in by_session.items():
            with (self._folder / f"{session}.jsonl").open("ab") as file:
                file.writelines(line if line.endswith(b"\n") else line + b"\n" for line in found)
