"""`counterpoint drain` waits for a supervisor that is being started again, as long as clients would get to leave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import typer
from typer.testing import CliRunner

from actors import app, app_ray, drain
from actors.app_ray import NoSupervisor
from actors.handles import ActorLost
from cluster.config import Config

command = typer.Typer()
command.command()(drain.drain)


class Boss:
    def __init__(self, answers: list[object]) -> None:
        self.answers, self.asked = answers, 0

    async def tell(self, verb: str, node: str, in_ms: int, reason: str) -> object:
        assert (verb, node) == ("drain", "here")
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def boss(monkeypatch: pytest.MonkeyPatch) -> Boss:
    boss = Boss([])

    @contextmanager
    def joined(_: Config) -> Iterator[Boss]:
        if boss.answers and isinstance(boss.answers[0], NoSupervisor):
            raise boss.answers.pop(0)  # type: ignore[misc]  # it is an exception
        yield boss

    monkeypatch.setattr(app, "joined", joined)
    monkeypatch.setattr(app_ray, "this_node", lambda: "here")
    monkeypatch.setattr(drain, "AGAIN_S", 0.0)
    return boss


def test_it_asks_again_while_the_supervisor_is_started_again(boss: Boss) -> None:
    boss.answers = [NoSupervisor("nobody"), ActorLost("died meanwhile"), ("ingest-0",)]
    done = CliRunner().invoke(command, ["--wait", "5"])
    assert (done.exit_code, boss.asked) == (0, 2)
    assert "drained: ingest-0" in done.output


def test_it_gives_up_when_clients_would_have_left(boss: Boss) -> None:
    boss.answers = [ActorLost("died"), ActorLost("died again")]
    done = CliRunner().invoke(command, ["--wait", "0"])
    assert (done.exit_code, boss.asked) == (1, 1)
