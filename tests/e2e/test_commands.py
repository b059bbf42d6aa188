"""What the pages on operation tell to run, run as it is written there, against a cluster that somebody talks to."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path

import psutil
import pytest

from counterpoint.client import InteractionClient, Session, send_paced
from tests.e2e.conftest import Served, counterpoint
from tests.e2e.talking import PATIENT, audio, noise

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def ray_of(cluster: Served) -> str:
    """Where its Ray is: others may run on this machine, and `auto` is to find this one."""
    raylet = psutil.Process(cluster.pids("supervisor")[0]).parent()
    assert raylet is not None
    given = dict(word.split("=", 1) for word in raylet.cmdline() if "=" in word)
    return given["--gcs-address"]


async def test_commands_tell_of_a_running_cluster_and_of_its_sessions(cluster: Served, tmp_path: Path) -> None:
    env = {"RAY_ADDRESS": ray_of(cluster)}

    async def run(*words: str) -> str:
        done = await asyncio.to_thread(partial(counterpoint, *words, env=env))
        assert done.returncode == 0, done.stderr
        return done.stdout

    async with InteractionClient(cluster.target, patience=PATIENT) as client:
        session = await client.start(audio())
        talk = asyncio.create_task(_heard(session))
        await send_paced(session, noise(1.0))
        (row,) = [row for row in json.loads(await run("sessions", "--json")) if row["session"] == session.session_id]
        assert row["attached"]
        view = json.loads(await run("top", "--once", "--json"))
        assert (view["attached"], view["places"]) == (1, 4)
        answering = {line["actor"] for line in view["actors"] if line["answers"]}
        assert answering >= {actor["name"] for actor in cluster.facts["actors"] if actor["role"] != "supervisor"}
        assert json.loads(await run("drain", "--node", "nobody", "--wait", "0", "--json")) == {"drained": []}
        session.end_input()
        assert await talk >= 5
    page = tmp_path / "score.html"
    said = await run("score", session.session_id, "--data", str(cluster.folder / "data"), "--to", str(page))
    assert said.strip() == str(page)
    assert '<svg class="system"' in page.read_text()


async def _heard(session: Session) -> int:
    """Events until it ends."""
    return len([event async for event in session])
