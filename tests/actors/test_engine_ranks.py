"""The ranks of an AllToAll engine show that they live while nobody talks, and only then."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actors.engine import EngineRank
from cluster.errors import ConfigError
from tests.actors.rank_process import RANKS, shell
from tests.unit.engine_tools import checkpoint

ROOT = Path(__file__).parents[2]
LOOK_S = 0.05
STANDS_S = 1.5  # three times as long as an idle group is silent


class Rank:
    """A process of its own."""

    def __init__(self, folder: Path, rendezvous: str, rank: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.actors.rank_process", str(folder), rendezvous, str(rank)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'protos'}", "GLOO_SOCKET_IFNAME": "lo"},
        )
        assert self._process.stdin and self._process.stdout
        self._ask, self._answers = self._process.stdin, self._process.stdout

    def serves(self) -> None:
        assert self._answers.readline() == "serves\n"

    def progress(self) -> int:
        self._ask.write("\n")
        self._ask.flush()
        return int(self._answers.readline())

    def moves(self, within_s: float) -> bool:
        before, until = self.progress(), time.monotonic() + within_s
        while time.monotonic() < until:
            time.sleep(LOOK_S)
            if self.progress() > before:
                return True
        return False

    @contextmanager
    def frozen(self) -> Iterator[None]:
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Rank]]:
    """The engine and one more rank, idle."""
    folder = tmp_path_factory.mktemp("ranks")
    meeting = f"file://{folder / 'meeting'}"
    checkpoint(folder)
    ranks = [Rank(folder, meeting, rank) for rank in RANKS]
    try:
        for rank in ranks:
            rank.serves()
        yield ranks
    finally:
        for rank in ranks:
            rank.end()


def test_idle_ranks_move_for_as_long_as_they_are_idle(group: list[Rank]) -> None:
    for _ in range(3):
        assert all(rank.moves(within_s=10.0) for rank in group)


@pytest.mark.parametrize("which", RANKS)
def test_ranks_stand_while_one_of_them_is_frozen_and_move_again_with_it(group: list[Rank], which: int) -> None:
    frozen, other = group[which], group[1 - which]
    with frozen.frozen():
        while other.moves(STANDS_S):  # until it has come to where it waits
            pass
        assert not other.moves(STANDS_S)
    assert all(rank.moves(within_s=10.0) for rank in group)


async def test_a_rank_that_cannot_be_built_says_why(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(checkpoint(tmp_path / "whole").joinpath("config.json").read_text())
    rank = shell(tmp_path, "", rank=1)
    assert isinstance(rank, EngineRank)
    with pytest.raises(ConfigError):
        await asyncio.wait_for(rank.start(), 20)
