"""The client against a small server that speaks the contract: time, credit, lost streams, refusals."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import replace

import pytest

from counterpoint.client import (
    Acknowledged,
    Closed,
    Disconnected,
    Event,
    Failed,
    InteractionClient,
    Patience,
    Refused,
    Resumed,
    Session,
    Turn,
    Unreachable,
    send_paced,
)
from counterpoint.v1.interaction_pb2 import AUDIO_CODEC_PCM_S16LE, AudioInput, AudioOutput, Configure
from tests.fakes.balancer import balancing
from tests.fakes.interaction_server import FakeServer

RATE = 16_000
QUICK = Patience(grant_s=2, silent_s=0.3, resume_s=1, close_s=2)


def configure(*, lockstep: bool = False) -> Configure:
    return Configure(
        audio_in=AudioInput(codec=AUDIO_CODEC_PCM_S16LE, sample_rate_hz=RATE),
        audio_out=AudioOutput(codec=AUDIO_CODEC_PCM_S16LE, sample_rate_hz=RATE),
        lockstep=lockstep,
    )


def silence(ms: int) -> bytes:
    return bytes(RATE * ms // 1000 * 2)


async def everything(session: Session) -> list[Event]:
    return [event async for event in session]


async def test_every_micro_turn_has_one_result_and_words_lie_on_the_media_clock() -> None:
    async with FakeServer({3: "drink", 4: "water"}) as server, InteractionClient(server.target) as client:
        session = await client.start(configure())
        await send_paced(session, silence(200), chunk_ms=20)
        session.end_input()
        events = await everything(session)
    turns = [event for event in events if isinstance(event, Turn)]
    assert [turn.k for turn in turns] == list(range(10))
    assert [said.text for turn in turns for said in turn.said] == ["drink", "water"]
    assert [said.media_ms for turn in turns for said in turn.said] == [20 * 4 + 90, 20 * 5 + 90]
    assert isinstance(events[-1], Closed)
    assert events[-1].message.micro_turns == 10


async def test_a_lockstep_session_loses_nothing_however_little_credit_there_is() -> None:
    async with FakeServer({2: "hello"}, credit_ms=60) as server, InteractionClient(server.target) as client:
        session = await client.start(configure(lockstep=True))
        await send_paced(session, silence(1000), chunk_ms=20)
        session.end_input()
        turns = [event for event in await everything(session) if isinstance(event, Turn)]
        report = session.ledger.report(0, micro_turns=50)
    assert [turn.k for turn in turns] == list(range(50))
    assert report.on_time_rate == 1
    assert report.latency_ms is None


async def test_without_credit_a_live_client_drops_its_oldest_media_and_says_so() -> None:
    async with FakeServer(credit_ms=100) as server, InteractionClient(server.target) as client:
        server.gives_credit = False
        session = await client.start(configure())
        for _ in range(150):
            session.send_audio(silence(20))
        await session.ping()
        messages = server.sessions["s0"].messages
        while sum(message.WhichOneof("message") == "audio" for message in messages) < 5:
            await session.ping()
        await session.abandon()
    dropped = next(message.dropped for message in messages if message.WhichOneof("message") == "dropped")
    assert sum(message.WhichOneof("message") == "audio" for message in messages) == 5
    assert (dropped.from_media_time, dropped.to_media_time) == (0, RATE)


async def test_a_lost_stream_is_resumed_with_its_token_and_no_micro_turn_is_missing_or_repeated() -> None:
    async with FakeServer({5: "one", 30: "two"}) as server, InteractionClient(server.target, patience=QUICK) as client:
        session = await client.start(configure())
        events: list[Event] = []
        for _ in range(40):
            session.send_audio(silence(20))
        async for event in session:
            events.append(event)
            if isinstance(event, Turn) and event.k in (10, 20):
                server.drop_streams()
            if isinstance(event, Turn) and event.k == 39:
                session.end_input()
        report = session.ledger.report(0, micro_turns=events[-1].message.micro_turns)
        gc.collect()
        connections = len(client._channels)
    assert [event.k for event in events if isinstance(event, Turn)] == list(range(report.micro_turns))
    assert sum(isinstance(event, Resumed) for event in events) == 2
    assert connections == 2  # the first one, for whatever comes next, and that of the newest stream
    assert sum(isinstance(event, Disconnected) for event in events) == 2
    assert report.repeated == report.unanswered == 0
    assert server.sessions["s0"].audio_samples == 40 * 320


@pytest.mark.parametrize("drains", [False, True], ids=["another takes it", "no other takes it"])
async def test_a_server_that_goes_away_is_left_while_it_still_answers_where_another_takes_the_session(
    drains: bool,
) -> None:
    async with FakeServer() as server, InteractionClient(server.target, patience=QUICK) as client:
        session = await client.start(configure())
        events: list[Event] = []
        for _ in range(30):
            session.send_audio(silence(20))
        async for event in session:
            events.append(event)
            if isinstance(event, Turn) and event.k == 10:
                server.drains = drains
                await server.go_away(server.sessions["s0"], 60_000)
            if isinstance(event, Turn) and event.k == 29:
                session.end_input()
        report = session.ledger.report(0, micro_turns=events[-1].message.micro_turns)
        attachments = server.sessions["s0"].attachment
    assert [event.k for event in events if isinstance(event, Turn)] == list(range(report.micro_turns))
    assert report.repeated == report.unanswered == 0
    assert sum(isinstance(event, Resumed) for event in events) == (not drains)
    assert attachments == 2 - drains
    assert not [event for event in events if isinstance(event, Disconnected)]


async def test_what_was_not_accepted_is_sent_again_after_a_resume() -> None:
    async with FakeServer() as server, InteractionClient(server.target, patience=QUICK) as client:
        session = await client.start(configure())
        server.deaf = True
        for _ in range(10):
            session.send_audio(silence(20))
        await session.drained()
        server.deaf = False
        server.drop_streams()
        async for event in session:
            if isinstance(event, Turn) and event.k == 12:
                session.end_input()
        messages = server.sessions["s0"].messages
    audio = [message for message in messages if message.WhichOneof("message") == "audio"]
    assert [message.audio.media_time for message in audio] == [320 * i for i in range(10)]
    assert [message.seq for message in audio] == list(range(2, 12))


async def test_a_control_is_acknowledged_with_the_micro_turn_at_which_it_takes_effect() -> None:
    async with FakeServer() as server, InteractionClient(server.target) as client:
        session = await client.start(configure())
        ack = await session.interrupt()
        await session.abandon()
    assert isinstance(ack, Acknowledged)
    assert (ack.message.tick, ack.message.effective_k) == (7, 3)


async def test_a_refusal_names_its_limit_and_when_to_come_back() -> None:
    async with FakeServer(reject="all 16 slots are taken") as server, InteractionClient(server.target) as client:
        with pytest.raises(Refused, match="max_sessions: all 16 slots are taken") as refused:
            await client.start(configure())
    assert refused.value.retry_after_ms == 500


async def test_no_server_at_the_target_is_said_plainly() -> None:
    async with InteractionClient("127.0.0.1:1", patience=QUICK) as client:
        with pytest.raises(Unreachable, match="is a cluster serving there"):
            await client.start(configure())


async def test_a_server_that_never_comes_back_ends_the_session_with_unreachable() -> None:
    async with InteractionClient("127.0.0.1:1") as unused:
        assert unused
    async with FakeServer() as server:
        client = InteractionClient(server.target, patience=Patience(grant_s=0.2, resume_s=0.2))
        session = await client.start(configure())
    with pytest.raises(Unreachable, match="not resumed within"):
        await everything(session)
    await client.close()


async def test_a_token_the_server_does_not_know_ends_the_session_with_its_error() -> None:
    async with FakeServer() as server, InteractionClient(server.target, patience=QUICK) as client:
        session = await client.start(configure())
        server.sessions["s0"].token = "another"
        server.drop_streams()
        with pytest.raises(Failed, match=r"unauthenticated: resume.token"):
            await everything(session)


async def test_a_server_that_freezes_with_its_connection_open_is_left_and_the_session_resumed() -> None:
    async with FakeServer() as server, InteractionClient(server.target, patience=QUICK) as client:
        session = await client.start(configure())
        events: list[Event] = []
        async for event in session:
            events.append(event)
            if isinstance(event, Turn) and event.k == 3:
                server.frozen = True
            if isinstance(event, Disconnected):
                server.frozen = False
            if isinstance(event, Turn) and event.k == 30:
                session.end_input()
    (lost,) = [event for event in events if isinstance(event, Disconnected)]
    assert lost.reason == "nothing came for 0.3 s"
    turns = [event.k for event in events if isinstance(event, Turn)]
    assert turns == list(range(len(turns)))


async def test_a_frozen_server_behind_a_balancer_is_left_for_another_one_at_once() -> None:
    async with FakeServer() as first, FakeServer() as second, balancing(first.target, second.target) as target:
        patient = Patience(silent_s=0.3, grant_s=30.0, resume_s=30.0)  # who asks the frozen one again waits for ever
        async with InteractionClient(target, patience=patient) as client:
            session = await client.start(configure())
            await session.ping()
            first.frozen = True
            second.sessions["s0"] = replace(first.sessions["s0"], writing=asyncio.Lock())
            for _ in range(10):
                session.send_audio(silence(20))
            session.end_input()
            events = await everything(session)
    assert sum(isinstance(event, Resumed) for event in events) == 1
    turns = [event.k for event in events if isinstance(event, Turn)]
    assert turns == list(range(max(10, len(turns))))


async def test_nothing_follows_the_end_of_the_input_though_the_model_still_speaks() -> None:
    script = dict.fromkeys(range(20), "word")
    async with FakeServer(script) as server, InteractionClient(server.target) as client:
        session = await client.start(configure())
        session.send_audio(silence(400))
        async for event in session:
            if isinstance(event, Turn) and event.k == 8:
                session.end_input()
                with pytest.raises(ValueError, match="was ended"):
                    session.send_audio(silence(20))
        messages = server.sessions["s0"].messages
    kinds = [message.WhichOneof("message") for message in messages]
    assert "playback" in kinds
    assert kinds[-1] == "close"


async def test_closing_waits_for_the_last_result_and_never_raises() -> None:
    async with FakeServer() as server, InteractionClient(server.target, patience=QUICK) as client:
        session = await client.start(configure())
        session.send_audio(silence(60))
        await session.close()
        assert session.ended
        await session.close()
