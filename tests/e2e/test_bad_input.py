"""Bad input against the whole cluster: told by field, hurting nobody else, losing nothing accepted.

One session for each case, a few at a time, while a neighbour talks: it must stay whole. A client that never reads is
shown to an ingest alone (tests/actors): filling its queues takes thousands of messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import grpc
import pytest

from counterpoint.v1 import interaction_pb2 as v1
from tests.actors import bad_input as bad
from tests.actors.ingest_rig import TURN, Client, configure

if TYPE_CHECKING:
    from tests.e2e.conftest import Served

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

PLACES = 3  # of the cluster's four; the neighbour has one
STATUS = {"unauthenticated": "UNAUTHENTICATED", "resync_required": "NOT_FOUND", "invalid_input": "INVALID_ARGUMENT"}


class Clients:
    def __init__(self, target: str) -> None:
        self._target = target
        self._places = asyncio.Semaphore(PLACES)

    @asynccontextmanager
    async def new(self) -> AsyncIterator[Client]:
        client = Client(self._target)
        try:
            yield client
        finally:
            await client.close()

    @asynccontextmanager
    async def opened(self, **fields: object) -> AsyncIterator[tuple[Client, v1.Granted]]:
        """A session of its own; whoever opens it closes it, or the next one finds no room."""
        async with self._places, AsyncExitStack() as stack, asyncio.timeout(60):
            while True:
                client = await stack.enter_async_context(self.new())
                await client.send(configure=configure(**{"lockstep": False} | fields))
                answer = await client.next_of("granted", "rejected")
                if isinstance(answer, v1.Granted):
                    break
                assert answer.limit == "scheduler.max_sessions"  # the one before is closed and not yet journaled
                await asyncio.sleep(answer.retry_after_ms / 1000)
            yield client, answer

    @asynccontextmanager
    async def resumed(self, granted: v1.Granted) -> AsyncIterator[tuple[Client, v1.Granted]]:
        async with self.new() as client:
            resume = v1.Resume(session_id=granted.session_id, token=granted.resume_token, received_k=-1)
            await client.send(seq=0, resume=resume)
            again = await client.next("granted")
            client.seq = again.accepted_through
            yield client, again


async def ends(client: Client) -> v1.Closed:
    """Closes the session; every micro-turn it had has left, once."""
    await client.send(close=v1.Close())
    closed = await client.next("closed")
    done = [one.micro_turn.k for one in client.seen if one.HasField("micro_turn")]
    assert done == list(range(done[0], closed.micro_turns)) if done else closed.micro_turns == 0
    return closed


async def goes_on(client: Client) -> None:
    """What was sent so far and the micro-turn that follows are accepted, and have their result."""
    await client.audio(0)
    last = client.seq
    assert (await ends(client)).micro_turns >= 1
    accepted = [one.accepted for one in client.seen if one.HasField("accepted")]
    assert max(each.through for each in accepted) >= last
    assert max(each.audio_samples for each in accepted) >= TURN


async def beginning(clients: Clients, first: dict[str, object], field: str) -> None:
    async with clients.new() as client:
        await client.send(**first)
        error = await client.next("error")
        assert (error.code, error.field, error.fatal) == ("protocol_error", field, True)
        assert (await client.status())[0] is grpc.StatusCode.FAILED_PRECONDITION


async def refused(clients: Clients, fields: dict[str, object], field: str) -> None:
    async with clients.new() as client:
        await client.send(configure=configure(**{"lockstep": False} | fields))
        rejected = await client.next("rejected")
        assert (rejected.limit, rejected.retry_after_ms) == (field, 0)


async def unknown(clients: Clients, fields: dict[str, object], field: str) -> None:
    async with clients.new() as client:
        await client.send(configure=configure(**fields))
        error = await client.next("error")
        assert (error.code, error.field) == ("invalid_input", field)


async def lost_alone(clients: Clients, message: dict[str, object], field: str) -> None:
    async with clients.opened() as (client, _):
        await client.send(**message)
        error = await client.next("error")
        assert (error.code, error.field, error.fatal) == ("invalid_input", field, False)
        await goes_on(client)


async def not_resumed(clients: Clients, fields: dict[str, object], code: str, field: str) -> None:
    async with clients.opened() as (client, granted), clients.new() as thief:
        good = {"session_id": granted.session_id, "token": granted.resume_token, "received_k": -1}
        await thief.send(seq=0, resume=v1.Resume(**good | fields))
        error = await thief.next("error")
        assert (error.code, error.field, error.fatal) == (code, field, True)
        assert (await thief.status())[0] is grpc.StatusCode[STATUS[code]]
        await goes_on(client)


async def corrupt_opus(clients: Clients) -> None:
    opus = v1.AudioInput(codec=v1.AUDIO_CODEC_OPUS, sample_rate_hz=16_000)
    async with clients.opened(audio_in=opus) as (client, _):
        await client.send(audio=v1.AudioChunk(media_time=0, data=b"\xfb\x05" + b"\x80" * 7))
        outcome = await client.next("media_outcome")
        assert (outcome.track, outcome.outcome) == (v1.TRACK_AUDIO, v1.OUTCOME_UNDECODABLE)
        await ends(client)


async def no_picture(clients: Clients, codec: int, data: bytes) -> None:
    async with clients.opened(video_in=v1.VideoInput(codec=codec)) as (client, _):
        await client.send(video=v1.VideoFrame(media_time_ms=10, data=data))
        outcome = await client.next("media_outcome")
        assert (outcome.track, outcome.outcome) == (v1.TRACK_VIDEO, v1.OUTCOME_UNDECODABLE)
        assert "video.data" in outcome.detail
        await goes_on(client)


async def too_early(clients: Clients) -> None:
    async with clients.opened() as (client, _):
        await client.audio(50)
        assert (await client.next("media_outcome")).outcome == v1.OUTCOME_TOO_EARLY
        await goes_on(client)


async def wrong_order(clients: Clients, field: str, message: dict[str, object]) -> None:
    """Ends its stream; the session is resumed with all that was accepted."""
    async with clients.opened() as (client, granted):
        await client.audio(0)
        accepted = await client.next("accepted")
        await client.send(**message)
        error = await client.next("error")
        assert (error.code, error.field, error.fatal) == ("protocol_error", field, True)
        assert (await client.status())[0] is grpc.StatusCode.FAILED_PRECONDITION
        async with clients.resumed(granted) as (again, regranted):
            assert regranted.resumed
            assert regranted.accepted_through >= accepted.through
            await ends(again)


async def replayed_token(clients: Clients) -> None:
    async with clients.opened() as (client, granted), clients.resumed(granted) as (heir, regranted):
        await client.next("superseded")
        async with clients.resumed(regranted) as (last, _), clients.new() as thief:
            await heir.next("superseded")
            resume = v1.Resume(session_id=granted.session_id, token=granted.resume_token, received_k=-1)
            await thief.send(seq=0, resume=resume)
            assert (await thief.next("error")).code == "unauthenticated"
            await ends(last)


async def vanishes(clients: Clients) -> None:
    async with clients.opened() as (client, granted):
        await client.audio(0)
        accepted = await client.next("accepted")
        client.vanish()
        async with clients.resumed(granted) as (again, regranted):
            assert regranted.accepted_through >= accepted.through
            await ends(again)


Case = Callable[[Clients], Awaitable[None]]


def each(run: Callable[..., Awaitable[None]], table: dict[str, tuple[object, ...]]) -> dict[str, Case]:
    return {
        f"{run.__name__}: {name}": lambda clients, given=given: run(clients, *given) for name, given in table.items()
    }


# The store does not tell a token that does not fit from a session that is not there.
NOBODY_HAS_IT = {
    "a session nobody has": ({"session_id": "default.0000000000000404"}, "unauthenticated", "resume.token"),
}
CASES: dict[str, Case] = {
    **each(beginning, {field: (first, field) for field, first in bad.FIRST.items()}),
    **each(refused, bad.REFUSED),
    **each(unknown, bad.UNKNOWN),
    **each(lost_alone, bad.LOST_ALONE),
    **each(no_picture, bad.PICTURES),
    **each(not_resumed, bad.NOT_RESUMED | NOBODY_HAS_IT),
    **each(
        wrong_order,
        {
            "a gap of seq": ("seq", {"seq": 99, "text": v1.TextChunk(text="water")}),
            "a seq used twice": ("seq", {"seq": 2, "text": v1.TextChunk(text="water")}),
            "configure again": ("configure", {"configure": configure()}),
            "resume in between": ("resume", {"resume": v1.Resume()}),
        },
    ),
    **{run.__name__: run for run in (corrupt_opus, too_early, replayed_token, vanishes)},
}


async def neighbour(clients: Clients, over: asyncio.Event) -> None:
    """Talks in real time until it is over, and stays whole: one result for every k, all accepted, no complaint."""
    async with clients.new() as client:
        await client.send(configure=configure(lockstep=False))
        granted = await client.next("granted")
        reading = asyncio.create_task(client.next("closed"))
        k = 0
        while not over.is_set():
            await client.speak(granted, k, k + 1)
            k += 1
        last = client.seq
        await client.send(close=v1.Close())
        closed = await reading
    kinds = {one.WhichOneof("message") for one in client.seen}
    assert not kinds & {"error", "superseded", "going_away"}
    done = [one.micro_turn.k for one in client.seen if one.HasField("micro_turn")]
    assert done == list(range(closed.micro_turns))
    assert closed.micro_turns >= k
    assert max(one.accepted.through for one in client.seen if one.HasField("accepted")) >= last


async def test_every_bad_input_is_told_hurts_itself_alone_and_loses_nothing_accepted(cluster: Served) -> None:
    clients, over = Clients(cluster.target), asyncio.Event()
    talking = asyncio.create_task(neighbour(clients, over))
    results = await asyncio.gather(*(run(clients) for run in CASES.values()), return_exceptions=True)
    over.set()
    await talking
    failed = {name: result for name, result in zip(CASES, results, strict=True) if result is not None}
    assert failed == {}
