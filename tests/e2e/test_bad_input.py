"""Bad input against the whole cluster: told by field, hurting nobody else, losing nothing accepted."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import grpc
import pytest

from counterpoint.v1 import interaction_pb2 as v1
from tests.actors.ingest_rig import Client, configure

if TYPE_CHECKING:
    from tests.e2e.conftest import Served

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture
async def clients(cluster: Served) -> AsyncIterator[Clients]:
    made = Clients(cluster.target)
    try:
        yield made
    finally:
        await made.close()


class Clients:
    def __init__(self, target: str) -> None:
        self._target = target
        self._clients: list[Client] = []

    def new(self) -> Client:
        client = Client(self._target)
        self._clients.append(client)
        return client

    async def opened(self, **fields: object) -> tuple[Client, v1.Granted]:
        client = self.new()
        await client.send(configure=configure(**{"lockstep": False} | fields))
        return client, await client.next("granted")

    async def close(self) -> None:
        for client in self._clients:
            await client.close()


async def ended(client: Client) -> v1.Closed:
    """Every session is closed, so that the next test finds room."""
    await client.send(close=v1.Close())
    return await client.next("closed")


async def test_bad_messages_are_lost_alone_and_everything_good_is_accepted(clients: Clients) -> None:
    client, granted = await clients.opened()
    bad = {
        "audio.data": {"audio": v1.AudioChunk(media_time=0, data=b"\0\0\0")},
        "audio.media_time": {"audio": v1.AudioChunk(media_time=2**63, data=b"\0\0")},
        "text.text": {"text": v1.TextChunk(text="\x1b[2J")},
        "text": {"text": v1.TextChunk(text="water " * 1_700_000)},
        "playback.played_samples": {"playback": v1.PlaybackReport(played_samples=10**12)},
        "control.control_id": {"control": v1.Control(ping=v1.Ping())},
        "dropped.track": {"dropped": v1.Dropped(track=42)},
    }
    for field, message in bad.items():
        await client.send(**message)
        error = await client.next("error")
        assert (error.code, error.field, error.fatal) == ("invalid_input", field, False)
    await client.speak(granted, 0, 3)
    while (accepted := await client.next("accepted")).through < client.seq:
        pass
    assert accepted.audio_samples == 3 * 3200
    assert (await ended(client)).micro_turns >= 3
    done = [one.micro_turn.k for one in client.seen if one.HasField("micro_turn")]
    assert done == list(range(len(done)))


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("configure.audio_in.sample_rate_hz", {"audio_in": v1.AudioInput(codec=1, sample_rate_hz=12)}),
        ("configure.sampling.temperature", {"sampling": v1.Sampling(temperature=math.nan)}),
        ("configure.video_in", {"video_in": v1.VideoInput(codec=1)}),
    ],
)
async def test_a_session_that_cannot_be_is_rejected_by_field(
    clients: Clients, field: str, fields: dict[str, object]
) -> None:
    client = clients.new()
    await client.send(configure=configure(**fields))
    assert (await client.next("rejected")).limit == field


async def test_a_seq_gap_ends_one_stream_and_the_session_resumes(clients: Clients) -> None:
    other, granted_other = await clients.opened()
    client, granted = await clients.opened()
    await client.send(seq=99, text=v1.TextChunk(text="water"))
    assert (await client.next("error")).field == "seq"
    assert (await client.status())[0] is grpc.StatusCode.FAILED_PRECONDITION
    again = clients.new()
    resume = v1.Resume(session_id=granted.session_id, token=granted.resume_token, received_k=-1)
    await again.send(seq=0, resume=resume)
    regranted = await again.next("granted")
    assert regranted.resumed
    again.seq = regranted.accepted_through
    await ended(again)
    await other.speak(granted_other, 0, 1)
    await other.turns(1)
    await ended(other)


async def test_a_wrong_token_is_refused_and_a_valid_one_takes_over(clients: Clients) -> None:
    client, granted = await clients.opened()
    thief = clients.new()
    await thief.send(seq=0, resume=v1.Resume(session_id=granted.session_id, token="guess", received_k=-1))
    assert (await thief.next("error")).code == "unauthenticated"
    heir = clients.new()
    await heir.send(seq=0, resume=v1.Resume(session_id=granted.session_id, token=granted.resume_token, received_k=-1))
    regranted = await heir.next("granted")
    await client.next("superseded")
    heir.seq = regranted.accepted_through
    await ended(heir)
