"""The life of a `serve`: what it finds, what it keeps of the process, and what it leaves. Ray stands aside."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actors import app, app_ray, leftovers
from actors.app import App
from actors.handles import ActorLost, ActorStarting
from cluster.config import Config, load
from cluster.errors import ConfigError, StoreUnavailable


class Boss:
    """A supervisor left behind, or not."""

    def __init__(self, answer: bool | Exception) -> None:
        self._answer = answer
        self.killed = False

    async def tell(self, verb: str) -> bool:
        assert verb == "attended"
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    async def stop(self) -> None:
        raise RuntimeError("an actor of mine failed")

    def kill(self) -> None:
        self.killed = True


class NoStore:
    def __init__(self, _: Path) -> None: ...

    def start(self) -> str:
        return "redis://127.0.0.1:1/0"

    def stop(self) -> None: ...


class Left:
    """The named actors of a Ray."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, names: list[str]) -> None:
        self.names = names
        monkeypatch.setattr(leftovers, "list_named_actors", self._list)
        monkeypatch.setattr(leftovers.ray, "get_actor", lambda name, namespace: name)
        monkeypatch.setattr(leftovers.ray, "kill", self.names.remove)

    def _list(self, all_namespaces: bool) -> list[dict[str, str]]:
        other = {"name": "expert-0", "namespace": "theirs"}
        return [other, *({"name": name, "namespace": "ours"} for name in self.names)]


def test_ray_does_not_keep_the_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(app_ray.ray, "init", lambda **_: signal.signal(signal.SIGTERM, signal.SIG_IGN))
    app_ray.start_ray(load(env={}).serve)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("address", "told", "used"), [("auto", "token", "token"), ("auto", "", "disabled"), ("", "token", "disabled")]
)
def test_who_joins_believes_what_it_is_told_of_the_ray_that_others_run(
    monkeypatch: pytest.MonkeyPatch, address: str, told: str, used: str
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", told)
    monkeypatch.setattr(app_ray.ray, "init", lambda **_: None)
    app_ray.start_ray(load(env={}, overrides={"serve.ray_address": address}).serve)
    assert os.environ["RAY_AUTH_MODE"] == used


async def test_a_term_signal_while_ray_comes_up_cancels_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def terminated(_: object) -> None:
        raise SystemExit(15)

    monkeypatch.setattr(app, "start_ray", terminated)
    monkeypatch.setattr(app, "EmbeddedStore", NoStore)
    with pytest.raises(asyncio.CancelledError):
        await App(load(env={}, overrides={"serve.data_dir": tmp_path, "serve.port": 0})).start()


@pytest.mark.parametrize("answer", [True, ActorStarting("not yet")])
async def test_a_second_serve_in_one_namespace_is_refused(
    monkeypatch: pytest.MonkeyPatch, answer: bool | Exception
) -> None:
    left = Left(monkeypatch, ["supervisor-0"])
    with pytest.raises(ConfigError, match=r"serve\.namespace: Counterpoint runs already in ours"):
        await leftovers.require_alone(Boss(answer), "ours")  # type: ignore[arg-type]  # asked for one verb only
    assert left.names == ["supervisor-0"]


@pytest.mark.parametrize("answer", [False, ActorLost("gone"), TimeoutError()])
async def test_a_supervisor_that_nobody_attends_to_may_be_replaced(answer: bool | Exception) -> None:
    await leftovers.require_alone(Boss(answer), "ours")  # type: ignore[arg-type]  # asked for one verb only


@pytest.mark.parametrize(("names", "stay"), [(None, []), (("engine-0",), ["supervisor-0"])])
async def test_what_is_left_is_ended_whole_or_by_name(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...] | None, stay: list[str]
) -> None:
    left = Left(monkeypatch, ["supervisor-0", "engine-0", "somebody-elses"])
    assert leftovers.left_in("ours") == ["supervisor-0", "engine-0"]
    await leftovers.clear("ours", names)
    assert left.names == [*stay, "somebody-elses"]


async def test_a_stop_that_fails_halfway_ends_ray_and_the_store_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ended: list[str] = []

    class Store:
        def stop(self) -> None:
            ended.append("store")

    monkeypatch.setattr(app.ray, "shutdown", lambda: ended.append("ray"))
    whole, boss = App(load(env={}, overrides={"serve.data_dir": tmp_path})), Boss(True)
    parts: Any = whole
    parts._store, parts._supervised = Store(), SimpleNamespace(supervisor=boss, end=lambda: None)
    await whole.stop()
    assert boss.killed
    assert ended == ["ray", "store"]


@pytest.mark.parametrize("leave", [True, False])
async def test_a_serve_may_leave_its_actors_in_a_ray_that_others_run(
    monkeypatch: pytest.MonkeyPatch, leave: bool
) -> None:
    left = Left(monkeypatch, ["engine-0"])
    monkeypatch.setattr(app.ray, "shutdown", lambda: None)
    given = {"serve.ray_address": "auto", "serve.namespace": "ours"}
    whole, boss = App(load(env={}, overrides=given)), Boss(True)
    parts: Any = whole
    parts._supervised = SimpleNamespace(supervisor=boss, end=lambda: None)
    await whole.stop(leave=leave)
    assert boss.killed
    assert left.names == (["engine-0"] if leave else [])


async def test_a_store_that_does_not_answer_is_named_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setattr(app, "start_ray", lambda _: pytest.fail("Ray was started"))
    config: Config = load(env={}, overrides={"redis.url": f"redis://127.0.0.1:{unused_tcp_port}", "serve.port": 0})
    with pytest.raises(StoreUnavailable, match=r"redis\.url: .* does not answer"):
        await App(config).start()
