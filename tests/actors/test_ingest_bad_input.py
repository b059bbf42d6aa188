"""Bad input over the real wire: each is told by field or limit, hurts only its own stream, loses nothing accepted."""

from __future__ import annotations

import asyncio
import io
import math
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from PIL import Image

from actors import ingest_outbox
from counterpoint.internal.v1 import edge_pb2 as pb
from counterpoint.v1 import interaction_pb2 as v1
from tests.actors.ingest_rig import TURN, Client, Rig, configure, rig, write_checkpoint

INVALID, PROTOCOL = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION
PCM = v1.AUDIO_CODEC_PCM_S16LE


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(write_checkpoint(tmp_path)) as made:
        yield made


async def goes_on(client: Client, k: int = 0) -> None:
    """The stream still serves, and everything sent so far is accepted with its next micro-turn."""
    await client.audio(k)
    (turn,) = await client.turns(1)
    assert turn.k == k
    while (accepted := await client.next("accepted")).through < client.seq:
        pass
    assert accepted.through == client.seq


FIRST = {
    "audio": {"audio": v1.AudioChunk(media_time=0, data=b"\0\0")},
    "text": {"text": v1.TextChunk(text="water")},
    "close": {"close": v1.Close()},
    "message": {},
    "seq": {"seq": 7, "configure": configure()},
}


@pytest.mark.parametrize(("field", "first"), FIRST.items(), ids=FIRST)
async def test_without_configure_first_nothing_begins(served: Rig, field: str, first: dict[str, object]) -> None:
    client = served.client()
    await client.send(**first)
    error = await client.next("error")
    assert (error.code, error.field, error.fatal) == ("protocol_error", field, True)
    assert (await client.status())[0] is PROTOCOL
    assert not served.scheduler.sessions


REFUSED = {
    "configure.audio_in.codec": {"audio_in": v1.AudioInput(sample_rate_hz=16_000)},
    "configure.audio_in.sample_rate_hz": {"audio_in": v1.AudioInput(codec=PCM, sample_rate_hz=1)},
    "configure.audio_in.channels": {"audio_in": v1.AudioInput(codec=PCM, sample_rate_hz=16_000, channels=6)},
    "configure.audio_out.sample_rate_hz": {
        "audio_out": v1.AudioOutput(codec=v1.AUDIO_CODEC_OPUS, sample_rate_hz=44_100)
    },
    "configure.audio_in": {"audio_in": None, "lockstep": True},
    "configure.video_in.codec": {"video_in": v1.VideoInput()},
    "configure.tenant": {"tenant": "No Such Tenant!"},
    "configure.due_ms": {"due_ms": 1},
    "configure.sampling.temperature": {"sampling": v1.Sampling(temperature=math.nan)},
    "configure.labels": {"labels": {"x": "y" * 65}},
    "configure.instructions": {"instructions": "water " * 9},
}


@pytest.mark.parametrize(("field", "fields"), REFUSED.items(), ids=REFUSED)
async def test_a_session_that_cannot_be_is_rejected_by_field(
    served: Rig, field: str, fields: dict[str, object]
) -> None:
    client = served.client()
    await client.send(configure=configure(**fields))
    rejected = await client.next("rejected")
    assert (rejected.limit, rejected.retry_after_ms) == (field, 0)
    assert rejected.reason
    assert (await client.status())[0] is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert not served.scheduler.sessions


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"audio_in": v1.AudioInput(codec=99, sample_rate_hz=16_000)}, "configure.audio_in.codec"),
        ({"tier": 77}, "configure.tier"),
        ({"video_in": v1.VideoInput(codec=5)}, "configure.video_in.codec"),
        ({"history": -1}, "configure.history"),
    ],
)
async def test_an_unknown_enum_value_is_answered_with_its_path(
    served: Rig, fields: dict[str, object], field: str
) -> None:
    client = served.client()
    await client.send(configure=configure(**fields))
    error = await client.next("error")
    assert (error.code, error.field) == ("invalid_input", field)
    assert (await client.status())[0] is INVALID


async def test_an_unknown_enum_value_in_a_running_session_is_lost_alone(served: Rig) -> None:
    client, _ = await served.opened()
    await client.send(dropped=v1.Dropped(track=9, from_media_time=0, to_media_time=1))
    error = await client.next("error")
    assert (error.field, error.seq, error.fatal) == ("dropped.track", 2, False)
    await goes_on(client)


async def test_unknown_fields_are_ignored(served: Rig) -> None:
    client = served.client()
    wire = configure().SerializeToString() + b"\xfa\x3f\x03new"  # field 1023, length-delimited
    await client.send(configure=v1.Configure.FromString(wire))
    await client.next("granted")
    await goes_on(client)


def jpeg(width: int, height: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height)).save(stream, "JPEG")
    return stream.getvalue()


LOST_ALONE = {
    "empty pcm": (v1.AudioChunk(media_time=0, data=b""), "audio.data"),
    "odd pcm": (v1.AudioChunk(media_time=0, data=b"\0\0\0"), "audio.data"),
    "oversized pcm": (v1.AudioChunk(media_time=0, data=b"\0" * 262_146), "audio.data"),
    "long pcm": (v1.AudioChunk(media_time=0, data=b"\0" * 64_002), "audio.data"),
    "absurd time": (v1.AudioChunk(media_time=2**63, data=b"\0\0"), "audio.media_time"),
    "absurd text time": (v1.TextChunk(media_time_ms=2**63, text="water"), "text.media_time_ms"),
    "control characters": (v1.TextChunk(text="wa\0ter"), "text.text"),
    "long text": (v1.TextChunk(text="water " * 1000), "text.text"),
    "control token": (v1.TextChunk(text="<keep>"), "text.text"),
    "no camera": (v1.VideoFrame(data=jpeg(8, 8)), "video"),
    "empty control": (v1.Control(control_id="x"), "control.action"),
    "nameless control": (v1.Control(ping=v1.Ping()), "control.control_id"),
    "never sent": (v1.PlaybackReport(played_samples=10**9), "playback.played_samples"),
    "no message": (None, "message"),
}
KINDS = {
    v1.AudioChunk: "audio",
    v1.TextChunk: "text",
    v1.VideoFrame: "video",
    v1.Control: "control",
    v1.PlaybackReport: "playback",
}


@pytest.mark.parametrize(("message", "field"), LOST_ALONE.values(), ids=LOST_ALONE)
async def test_a_bad_message_is_lost_alone_and_told_by_field(served: Rig, message: object, field: str) -> None:
    client, _ = await served.opened()
    await client.send(**({} if message is None else {KINDS[type(message)]: message}))
    error = await client.next("error")
    assert (error.code, error.field, error.seq, error.fatal) == ("invalid_input", field, 2, False)
    assert error.message.startswith(field)
    await goes_on(client)


async def test_bytes_that_are_no_message_end_only_their_stream(served: Rig) -> None:
    client, _ = await served.opened()
    async with grpc.aio.insecure_channel(served.target) as channel:
        call = channel.stream_stream("/counterpoint.v1.Interaction/Interact")()
        await call.write(b"\xff\xff\xff\xff no protobuf")
        told = v1.InteractResponse.FromString(await call.read())
        assert (told.error.code, told.error.field, told.error.fatal) == ("invalid_input", "message", True)
        assert await call.code() is INVALID
    await goes_on(client)


@pytest.mark.parametrize("seq", [2, 9])
async def test_a_gap_or_reuse_of_seq_ends_only_its_own_stream(served: Rig, seq: int) -> None:
    client, granted = await served.opened()
    other, _ = await served.opened()
    await client.audio(0)
    await client.turns(1)
    await client.audio(1, seq=seq)
    error = await client.next("error")
    assert (error.code, error.field, error.seq, error.fatal) == ("protocol_error", "seq", seq, True)
    assert (await client.status())[0] is PROTOCOL
    await goes_on(other)
    again, regranted = await served.resumed(granted, received_k=0)
    assert regranted.accepted_through == 2
    await goes_on(again, k=1)


@pytest.mark.parametrize("first", ["configure", "resume"])
async def test_a_second_first_message_ends_the_stream(served: Rig, first: str) -> None:
    client, _ = await served.opened()
    await client.send(**{first: configure() if first == "configure" else v1.Resume()})
    error = await client.next("error")
    assert (error.code, error.field) == ("protocol_error", first)


async def test_corrupt_opus_is_one_packet_lost(served: Rig) -> None:
    client, _ = await served.opened(audio_in=v1.AudioInput(codec=v1.AUDIO_CODEC_OPUS, sample_rate_hz=16_000))
    await client.send(audio=v1.AudioChunk(media_time=0, data=b"\xfb\x05" + b"\x80" * 7))
    outcome = await client.next("media_outcome")
    assert (outcome.seq, outcome.track, outcome.outcome) == (2, v1.TRACK_AUDIO, v1.OUTCOME_UNDECODABLE)
    await client.send(dropped=v1.Dropped(track=v1.TRACK_AUDIO, from_media_time=0, to_media_time=TURN))
    assert [turn.k for turn in await client.turns(1)] == [0]


@pytest.mark.parametrize("data", [b"\xff\xd8 no picture", jpeg(64, 64)[:100], jpeg(5000, 8), b"x" * 1_048_577])
async def test_a_picture_that_cannot_be_is_one_frame_lost(served: Rig, data: bytes) -> None:
    client, _ = await served.opened(video_in=v1.VideoInput(codec=v1.VIDEO_CODEC_JPEG))
    await client.send(video=v1.VideoFrame(media_time_ms=10, data=data))
    outcome = await client.next("media_outcome")
    assert (outcome.seq, outcome.track, outcome.outcome) == (2, v1.TRACK_VIDEO, v1.OUTCOME_UNDECODABLE)
    assert "video.data" in outcome.detail
    await goes_on(client)


async def test_a_good_picture_reaches_its_micro_turn(served: Rig) -> None:
    client, _ = await served.opened(video_in=v1.VideoInput(codec=v1.VIDEO_CODEC_JPEG))
    await client.send(video=v1.VideoFrame(media_time_ms=210, data=jpeg(320, 240)))
    await client.audio(0)
    await client.audio(1)
    await served.scheduler.until(lambda: len(served.scheduler.session.turns) == 2)
    assert [turn.num_patches for turn in served.scheduler.session.turns] == [0, 4]


async def test_ten_megabytes_of_text_end_the_stream_by_the_message_limit(served: Rig) -> None:
    client, granted = await served.opened()
    await client.audio(0)
    await client.turns(1)
    await client.send(text=v1.TextChunk(text="water " * 1_700_000))
    code, details = await client.status()
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in details
    again, regranted = await served.resumed(granted, received_k=0)
    assert regranted.accepted_through == 2
    await goes_on(again, k=1)


async def test_media_far_ahead_of_its_time_is_refused_and_the_stream_goes_on(served: Rig) -> None:
    client, _ = await served.opened()
    await client.audio(50)
    outcome = await client.next("media_outcome")
    assert outcome.outcome == v1.OUTCOME_TOO_EARLY
    await goes_on(client)


async def test_a_client_beyond_its_credit_is_stopped(served: Rig) -> None:
    client, _ = await served.opened()

    async def flood() -> None:
        while True:
            await client.send(text=v1.TextChunk(media_time_ms=1800, text="water " * 600))

    flooding = asyncio.create_task(flood())
    error = await client.next("error")
    assert (error.code, error.field, error.fatal) == ("protocol_error", "limits.credit_bytes", True)
    await asyncio.gather(flooding, return_exceptions=True)


@pytest.mark.parametrize(
    ("session", "token", "code", "status"),
    [
        ("", "wrong", "unauthenticated", grpc.StatusCode.UNAUTHENTICATED),
        ("default.404", "wrong", "resync_required", grpc.StatusCode.NOT_FOUND),
    ],
)
async def test_a_wrong_token_or_session_cannot_resume(
    served: Rig, session: str, token: str, code: str, status: grpc.StatusCode
) -> None:
    client, granted = await served.opened()
    thief = served.client()
    await thief.send(seq=0, resume=v1.Resume(session_id=session or granted.session_id, token=token, received_k=-1))
    assert (await thief.next("error")).code == code
    assert (await thief.status())[0] is status
    await goes_on(client)


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
        await thief.send(seq=0, resume=v1.Resume(session_id="rival.7", token=granted.resume_token))
        assert (await thief.next("error")).code == "unauthenticated"


async def test_many_bad_streams_leave_a_good_one_alone(served: Rig) -> None:
    good, _ = await served.opened()

    async def misbehave(number: int) -> None:
        client = served.client()
        await client.send(configure=configure(tier=90 + number))
        assert (await client.next("error")).field == "configure.tier"

    await asyncio.gather(*(misbehave(number) for number in range(8)))
    for k in range(3):
        await goes_on(good, k)
