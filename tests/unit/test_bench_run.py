"""The parts of the benchmark and the one loop that drives all their clients."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from evals.bench import echoes
from evals.bench.rows import Row
from evals.bench.run import _rows


def test_all_echoes_are_driven_by_the_loop_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    loops = []

    @contextmanager
    def process(module: str, argument: str, environment: dict[str, str]) -> Iterator[int]:
        yield 1

    async def drive(what: str, port: int, sessions: int, seconds: float, warm_up_s: float) -> Row:
        loops.append(asyncio.get_running_loop())
        return Row(what=what, sessions=sessions, latency_ms={}, seconds=seconds)

    monkeypatch.setattr(echoes, "echo_process", process)
    monkeypatch.setattr(echoes, "drive", drive)
    with asyncio.Runner() as runner:
        rows = list(_rows(["echoes"], (1, 4), 2.0, runner))
        assert set(loops) == {runner.get_loop()}
    assert [(row.what, row.sessions) for row in rows if isinstance(row, Row)] == [
        (what, sessions) for what in ("grpc-echo", "serve-echo", "serve-echo-haproxy") for sessions in (1, 4)
    ]
