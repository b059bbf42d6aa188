"""One `serve` ends and the next goes on with its actors, in a Ray that neither of them runs."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from pathlib import Path

import pytest
import ray
from ray.cluster_utils import Cluster

from actors.store import EmbeddedStore
from counterpoint.client import Session
from tests.e2e.conftest import command, environment
from tests.e2e.talking import PATIENT, converse

NODE = {"num_cpus": 1, "object_store_memory": 80_000_000}
HEAD = NODE | {"include_dashboard": False}

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(300)]


class Serve:
    """`counterpoint serve` of its own process, until it is sent a signal."""

    def __init__(self, *options: str, env: dict[str, str], errors: Path) -> None:
        self._errors = errors
        with errors.open("w") as stream:
            self._process = subprocess.Popen(
                command("serve", "--json", "--port", "0", *options),
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
                env=environment(env),
            )

    def started(self) -> list[dict[str, str]]:
        """Who serves."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._errors.read_text()
        return json.loads(line)["actors"]

    def ended(self, by: signal.Signals) -> None:
        self._process.send_signal(by)
        assert self._process.wait(60) == 0, self._errors.read_text()

    def kill(self) -> None:
        """What is left of one that was not ended."""
        self._process.kill()
        self._process.communicate()


async def test_a_session_does_not_notice_that_one_serve_ends_and_another_goes_on(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_worker_niceness", "0")  # as every deployment sets it where it starts Ray
    cluster, store = Cluster(initialize_head=True, head_node_args=HEAD), EmbeddedStore(tmp_path)
    serves: list[Serve] = []
    try:
        options = ("--address", cluster.address, "--checkpoint", str(checkpoint), "--data", str(tmp_path))
        env = {"REDIS_URL": store.start(), "COUNTERPOINT_SERVE__KEEP_ACTORS": "true"}
        serves.append(first := Serve(*options, env=env, errors=tmp_path / "first.err"))
        actors = await asyncio.to_thread(first.started)
        target = next(actor["address"] for actor in actors if actor["role"] == "ingest")
        began = asyncio.Event()

        async def begin(_: Session) -> None:
            began.set()

        talking = asyncio.create_task(converse(target, 40.0, at_k=5, then=begin, patience=PATIENT))
        await began.wait()
        await asyncio.to_thread(first.ended, signal.SIGTERM)
        serves.append(second := Serve(*options, env=env, errors=tmp_path / "second.err"))
        again = await asyncio.to_thread(second.started)
        told = [{actor["name"]: actor["pid"] for actor in each} for each in (actors, again)]
        assert {name for name in told[0] if told[0][name] != told[1][name]} == {"supervisor-0"}
        assert (await converse(target, 1.0, patience=PATIENT)).turns
        talk = await talking
        assert talk.ks == list(range(len(talk.ks)))
        assert len(talk.ks) >= 200
        assert talk.disconnected == 0
        await asyncio.to_thread(second.ended, signal.SIGINT)
    finally:
        for serve in serves:
            serve.kill()
        ray.shutdown()
        cluster.shutdown()
        store.stop()
