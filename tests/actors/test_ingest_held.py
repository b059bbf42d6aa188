"""Export and deletion over the public wire: who may ask, and how what is held comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from actors.ingest import Ingest
from cluster.clock import MonotonicClock
from cluster.config import load
from cluster.errors import Unauthenticated
from cluster.telemetry.metrics import Metrics
from counterpoint.client import Failed, InteractionClient
from tests.actors.ingest_rig import Beeps, write_checkpoint

SESSION, TOKEN = "acme.0123456789abcdef", "its token"
HISTORY = bytes(range(256)) * 10_000  # more than two pieces


class Archive:
    """The directory of a cluster that holds one session."""

    def __init__(self) -> None:
        self.held = {SESSION: (("terms.json", b"{}"), ("history.jsonl", HISTORY))}

    def _check(self, token: str | None) -> None:
        if token not in (None, TOKEN):
            raise Unauthenticated("resume.token", "is not valid")

    async def export(self, session: str, token: str | None) -> tuple[tuple[str, bytes], ...]:
        self._check(token)
        return self.held.get(session, ())

    async def erase(self, session: str, token: str | None) -> bool:
        self._check(token)
        return self.held.pop(session, None) is not None


@pytest.fixture(params=["tokens", "keys"])
async def target(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    given: dict[str, object] = {"engine.checkpoint": str(write_checkpoint(tmp_path))}
    if request.param == "keys":
        given["auth.api_keys"] = {"key of acme": "acme", "key of others": "others"}
    ingest = Ingest(load(env={}, overrides=given), Archive(), Beeps(), MonotonicClock(), metrics=Metrics())  # type: ignore[arg-type]  # no session is opened
    yield await ingest.start()
    await ingest.stop()


def client(target: str, key: str) -> InteractionClient:
    return InteractionClient(target, metadata=(("authorization", f"Bearer {key}"),))


@pytest.mark.parametrize("target", ["tokens"], indirect=True)
async def test_a_resume_token_entitles_to_its_session(target: str) -> None:
    async with InteractionClient(target) as asking:
        for token, why in (("", "token: is missing"), ("guess", r"resume\.token: is not valid")):
            with pytest.raises(Failed, match=f"unauthenticated: {why}"):
                await asking.export(SESSION, token)
            with pytest.raises(Failed, match=f"unauthenticated: {why}"):
                await asking.delete(SESSION, token)
        with pytest.raises(Failed, match="invalid_argument: session_id: must be as granted"):
            await asking.delete("../../etc", TOKEN)
        assert await asking.export(SESSION, TOKEN) == {"terms.json": b"{}", "history.jsonl": HISTORY}
        assert await asking.delete(SESSION, TOKEN)
        assert not await asking.delete(SESSION, TOKEN)
        with pytest.raises(Failed, match="not_found: session_id: nothing is held"):
            await asking.export(SESSION, TOKEN)


@pytest.mark.parametrize("target", ["keys"], indirect=True)
async def test_a_key_entitles_to_the_sessions_of_its_tenant_and_no_others(target: str) -> None:
    async with client(target, "key of others") as asking:
        with pytest.raises(Failed, match="session_id: the key belongs to another tenant"):
            await asking.export(SESSION, TOKEN)
        with pytest.raises(Failed, match="session_id: the key belongs to another tenant"):
            await asking.delete(SESSION, TOKEN)
    async with client(target, "key of acme") as asking:
        assert (await asking.export(SESSION))["history.jsonl"] == HISTORY
        assert await asking.delete(SESSION)
