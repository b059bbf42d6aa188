"""Who may not come in, not stay or not come back: credit, tokens, keys, full clusters, clients that are gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from structlog.testing import capture_logs

from actors import ingest_outbox
from counterpoint.internal.v1 import edge_pb2 as pb
from counterpoint.v1 import interaction_pb2 as v1
from tests.actors import bad_input as bad
from tests.actors.ingest_rig import Rig, configure, goes_on, rig, write_checkpoint


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(write_checkpoint(tmp_path)) as made:
        yield made


async def test_a_client_beyond_its_credit_is_stopped(served: Rig) -> None:
    client, _ = await served.opened()

    async def flood() -> None:
        while True:
            await client.send(text=v1.TextChunk(media_time_ms=1800, text="water " * 600))

    flooding = asyncio.create_task(flood())
    error = await client.next("error")
    assert (error.code, error.field, error.fatal) == ("protocol_error", "limits.credit_bytes", True)
    await asyncio.gather(flooding, return_exceptions=True)


STATUS = {
    "unauthenticated": grpc.StatusCode.UNAUTHENTICATED,
    "resync_required": grpc.StatusCode.NOT_FOUND,
    "invalid_input": grpc.StatusCode.INVALID_ARGUMENT,
}


@pytest.mark.parametrize(("fields", "code", "field"), bad.NOT_RESUMED.values(), ids=bad.NOT_RESUMED)
async def test_what_does_not_fit_cannot_resume(served: Rig, fields: dict[str, object], code: str, field: str) -> None:
    client, granted = await served.opened()
    thief = served.client()
    good = {"session_id": granted.session_id, "token": granted.resume_token, "received_k": -1}
    await thief.send(seq=0, resume=v1.Resume(**good | fields))
    error = await thief.next("error")
    assert (error.code, error.field, error.fatal) == (code, field, True)
    assert (await thief.status())[0] is STATUS[code]
    await goes_on(client)


async def test_nobody_has_heard_more_than_the_results_he_has(served: Rig) -> None:
    client, granted = await served.opened()
    for k in range(2):
        await client.audio(k)
    await client.turns(2)
    again = served.client()
    resume = v1.Resume(session_id=granted.session_id, token=granted.resume_token, received_k=1, received_sample=9_601)
    await again.send(seq=0, resume=resume)
    error = await again.next("error")
    assert (error.code, error.field) == ("invalid_input", "resume.received_sample")
    assert "to micro-turn 1 there are 9600" in error.message
    heir, _ = await served.resumed(granted, received_k=1, received_sample=9_600)
    await goes_on(heir, k=2)


@pytest.mark.parametrize(
    "session",
    ["", "default", ".0000000000000001", "default.1", "default.000000000000000G", "a.0000000000000001\n", "a}b"],
)
async def test_a_name_no_session_has_goes_no_further(served: Rig, session: str) -> None:
    client = served.client()
    await client.send(seq=0, resume=v1.Resume(session_id=session, token="token", received_k=-1))
    error = await client.next("error")
    assert (error.code, error.field) == ("invalid_input", "resume.session_id")
    assert (await client.status())[0] is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_replayed_token_is_refused(served: Rig) -> None:
    client, granted = await served.opened()
    client.vanish()
    _, second = await served.resumed(granted, received_k=-1)
    third, _ = await served.resumed(second, received_k=-1)
    thief = served.client()
    await thief.send(seq=0, resume=v1.Resume(session_id=granted.session_id, token=granted.resume_token, received_k=-1))
    assert (await thief.next("error")).code == "unauthenticated"
    await goes_on(third)


async def test_a_full_cluster_says_which_limit_and_when_to_come_back(served: Rig) -> None:
    served.scheduler.refuse = pb.OpenRejected(
        limit="scheduler.max_sessions", reason="all taken", retry_after_ms=700, code="overloaded"
    )
    client = served.client()
    await client.send(configure=configure())
    rejected = await client.next("rejected")
    assert (rejected.limit, rejected.retry_after_ms) == ("scheduler.max_sessions", 700)


async def test_a_client_that_never_reads_hurts_itself_and_can_resume(
    served: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_outbox, "MAX_WAITING", 20)
    _, granted = await served.opened()
    other, _ = await served.opened()
    session = served.scheduler.sessions[granted.session_id]
    filler = pb.ControlEffective(control_id="x" * 60_000)
    while session.detached is None:
        await served.scheduler.say(session, control=filler)
    assert "output_queue" in session.detached
    await goes_on(other)
    await served.resumed(granted, received_k=-1)


async def test_a_client_that_vanishes_before_its_grant_leaves_no_session_behind(served: Rig) -> None:
    client = served.client()
    await client.send(configure=configure())
    await served.scheduler.until(lambda: bool(served.scheduler.sessions))
    client.vanish()
    session = served.scheduler.session
    await served.scheduler.until(lambda: session.ended or session.detached is not None)


async def test_a_key_is_asked_for_where_keys_are_configured(tmp_path: Path) -> None:
    async with rig(write_checkpoint(tmp_path), auth__api_keys={"secret": "acme"}) as served:
        nobody = served.client()
        await nobody.send(configure=configure())
        assert (await nobody.next("error")).code == "unauthenticated"
        assert (await nobody.status())[0] is grpc.StatusCode.UNAUTHENTICATED
        key = (("authorization", "Bearer secret"),)
        client = served.client(key)
        await client.send(configure=configure())
        granted = await client.next("granted")
        assert v1.Configure.FromString(served.scheduler.session.configure).tenant == "acme"
        other = served.client(key)
        await other.send(configure=configure(tenant="rival"))
        assert "configure.tenant" in (await other.next("error")).message
        thief = served.client(key)
        await thief.send(seq=0, resume=v1.Resume(session_id="rival.0000000000000007", token=granted.resume_token))
        error = await thief.next("error")
        assert error.code == "unauthenticated"
        assert error.message.startswith("resume.session_id: ")


@pytest.mark.parametrize(("host", "keys", "warned"), [("0.0.0.0", 1, 1), ("0.0.0.0", 0, 0), ("localhost", 1, 0)])
async def test_keys_in_the_clear_on_a_network_are_warned_of(served: Rig, host: str, keys: int, warned: int) -> None:
    with capture_logs() as logs:
        await served.ingest(host, auth__api_keys={"secret": "acme"} if keys else {})
    assert sum("in the clear" in line["event"] for line in logs) == warned
