"""Carries journal writes to the store beside the ticks, in order. Nothing that is emitted waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import structlog

from cluster.clock import MonotonicClock
from cluster.session.commands import JournalWrite
from cluster.session.events import Answer, JournalOutcome
from cluster.telemetry import metrics as m
from cluster.telemetry.metrics import Metrics

HISTORY_LINES_MAX = 20_000  # that wait for the disk: several seconds of 128 sessions

log = structlog.get_logger()


class Appends(Protocol):
    """What a journal asks of a store."""

    async def append(self, writes: Sequence[JournalWrite]) -> tuple[JournalOutcome, ...]: ...


class Journal:
    """One pipeline at a time: what came meanwhile goes with the next, so a slow store makes fewer and larger ones."""

    def __init__(
        self, store: Appends, answered: Callable[[tuple[JournalOutcome, ...]], None], metrics: Metrics
    ) -> None:
        self._store, self._answered, self._metrics = store, answered, metrics
        self._clock = MonotonicClock()  # the wall's, in lockstep too: a store is as slow as it is
        self._waiting: list[JournalWrite] = []
        self._waiting_since_ns = self._writing_since_ns = 0  # 0: nothing waits, nothing is written
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, writes: tuple[JournalWrite, ...]) -> None:
        if writes:
            self._waiting_since_ns = self._waiting_since_ns or self._clock.now_ns()
            self._waiting += writes
            self._idle.clear()
            self._news.set()

    @property
    def lag_ns(self) -> int:
        """Age of the oldest write that has no answer yet."""
        since_ns = self._writing_since_ns or self._waiting_since_ns
        return self._clock.now_ns() - since_ns if since_ns else 0

    async def drained(self) -> None:
        """Until every write so far was answered."""
        await self._idle.wait()

    async def run(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            writes, self._waiting = tuple(self._waiting), []
            self._writing_since_ns, self._waiting_since_ns = self._waiting_since_ns, 0
            outcomes = await self._write(writes)
            self._writing_since_ns = 0
            self._answered(outcomes)
            if not self._waiting:
                self._idle.set()

    async def _write(self, writes: tuple[JournalWrite, ...]) -> tuple[JournalOutcome, ...]:
        begun_ns = self._clock.now_ns()
        outcomes = await self._store.append(writes)
        self._metrics.observe(m.JOURNAL_WRITE, (self._clock.now_ns() - begun_ns) / 1e9)
        for write, outcome in zip(writes, outcomes, strict=True):
            if outcome.answer is Answer.WRITTEN:
                self._metrics.add(m.JOURNAL_BYTES, sum(map(len, write.records)))
            elif outcome.answer is Answer.FENCED:
                self._metrics.add(m.FENCED, place="journal")
            else:
                self._metrics.add(m.JOURNAL_FAILURES)
        return outcomes


class HistoryFiles:
    """Appends a session's history to its own file, off the event loop, in order.

    A history is for looking back: where it cannot be kept, lines are dropped and counted, and sessions go on.
    """

    def __init__(self, folder: Path, metrics: Metrics, *, waiting_max: int = HISTORY_LINES_MAX) -> None:
        self._folder, self._metrics, self._waiting_max = folder, metrics, waiting_max
        self._lines: list[tuple[str, bytes]] = []
        self._news = asyncio.Event()
        self._writing = asyncio.Lock()
        self._keeping = True  # so that a full disk is told once and not every tick

    def put(self, lines: tuple[tuple[str, bytes], ...]) -> None:
        room = self._waiting_max - len(self._lines)
        self._lines += lines[:room]
        if lines[room:]:
            self._drop(len(lines[room:]), f"{self._waiting_max} lines wait for the disk already")
        if self._lines:
            self._news.set()

    async def run(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            async with self._writing:
                lines, self._lines = self._lines, []
                await asyncio.to_thread(self._append, lines)

    async def read(self, session: str) -> bytes:
        """All that was put of a session so far, in whole lines; empty if nothing is kept."""
        async with self._writing:
            lines, self._lines = self._lines, []
            await asyncio.to_thread(self._append, lines)
            path = self._path(session)
            return await asyncio.to_thread(path.read_bytes) if path.exists() else b""

    async def erase(self, session: str) -> bool:
        """Keep nothing of a session that gives no more lines. False if nothing was kept."""
        async with self._writing:
            self._lines = [line for line in self._lines if line[0] != session]
            path = self._path(session)
            held = await asyncio.to_thread(path.exists)
            await asyncio.to_thread(path.unlink, missing_ok=True)
        return held

    def _path(self, session: str) -> Path:
        return self._folder / f"{quote(session, safe='')}.jsonl"  # a tenant may have any name, and none may lead out

    def flush(self) -> None:
        """What still waits, before the process ends."""
        self._append(self._lines)
        self._lines = []

    def _append(self, lines: list[tuple[str, bytes]]) -> None:
        by_session: dict[str, list[bytes]] = {}
        for session, line in lines:
            by_session.setdefault(session, []).append(line if line.endswith(b"\n") else line + b"\n")
        for session, found in by_session.items():
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                with self._path(session).open("ab") as file:
                    file.writelines(found)
                self._keeping = True
            except OSError as error:
                self._drop(len(found), f"{error}; make room below serve.data_dir, or let clients keep no history")

    def _drop(self, lines: int, why: str) -> None:
        self._metrics.add(m.HISTORY_DROPPED, lines)
        if self._keeping:
            log.error("history not kept", lines=lines, why=why)
        self._keeping = False
