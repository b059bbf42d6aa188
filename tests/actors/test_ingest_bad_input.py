"""Bad input over the real wire: each is told by field or limit, hurts only its own stream, loses nothing accepted."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from counterpoint.v1 import interaction_pb2 as v1
from tests.actors.ingest_rig import TURN, Rig, configure, goes_on, jpeg, rig, write_checkpoint

INVALID, PROTOCOL = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION
PCM = v1.AUDIO_CODEC_PCM_S16LE


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(write_checkpoint(tmp_path)) as made:
        yield made


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
    assert (await client.status())[0] is grpc.StatusCode.INVALID_ARGUMENT
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


async def test_ten_megabytes_of_text_are_refused_by_the_message_limit_and_the_stream_goes_on(served: Rig) -> None:
    client, _ = await served.opened()
    await client.send(text=v1.TextChunk(text="water " * 1_700_000))
    error = await client.next("error")
    assert (error.field, error.fatal) == ("text", False)
    assert "exceed limits.max_message_bytes 2097152" in error.message
    await goes_on(client)
    first = served.client()
    await first.send(configure=configure(instructions="water " * 1_700_000))
    assert (await first.next("error")).field == "configure"


async def test_a_message_too_large_to_be_read_at_all_ends_the_stream_and_nothing_accepted_is_lost(served: Rig) -> None:
    client, granted = await served.opened()
    await client.audio(0)
    await client.turns(1)
    await client.send(text=v1.TextChunk(text="water " * 3_000_000))
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


async def test_many_bad_streams_leave_a_good_one_alone(served: Rig) -> None:
    good, _ = await served.opened()

    async def misbehave(number: int) -> None:
        client = served.client()
        await client.send(configure=configure(tier=90 + number))
        assert (await client.next("error")).field == "configure.tier"

    await asyncio.gather(*(misbehave(number) for number in range(8)))
    for k in range(3):
        await goes_on(good, k)
