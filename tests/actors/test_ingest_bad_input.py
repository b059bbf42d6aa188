"""Bad input over the real wire: each is told by field or limit, hurts only its own stream, loses nothing accepted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from counterpoint.v1 import interaction_pb2 as v1
from tests.actors import bad_input as bad
from tests.actors.ingest_rig import TURN, Rig, configure, goes_on, jpeg, rig, write_checkpoint

INVALID, PROTOCOL = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(write_checkpoint(tmp_path)) as made:
        yield made


@pytest.mark.parametrize(("field", "first"), bad.FIRST.items(), ids=bad.FIRST)
async def test_without_configure_first_nothing_begins(served: Rig, field: str, first: dict[str, object]) -> None:
    client = served.client()
    await client.send(**first)
    error = await client.next("error")
    assert (error.code, error.field, error.fatal) == ("protocol_error", field, True)
    assert (await client.status())[0] is PROTOCOL
    assert not served.scheduler.sessions


@pytest.mark.parametrize(
    ("fields", "field"),
    [*bad.REFUSED.values(), ({"video_in": v1.VideoInput()}, "configure.video_in.codec")],
    ids=[*bad.REFUSED, "no video codec"],
)
async def test_a_session_that_cannot_be_is_rejected_by_field(
    served: Rig, fields: dict[str, object], field: str
) -> None:
    client = served.client()
    await client.send(configure=configure(**fields))
    rejected = await client.next("rejected")
    assert (rejected.limit, rejected.retry_after_ms) == (field, 0)
    assert rejected.reason
    assert (await client.status())[0] is grpc.StatusCode.INVALID_ARGUMENT
    assert not served.scheduler.sessions


@pytest.mark.parametrize(("fields", "field"), bad.UNKNOWN.values(), ids=bad.UNKNOWN)
async def test_an_unknown_enum_value_is_answered_with_its_path(
    served: Rig, fields: dict[str, object], field: str
) -> None:
    client = served.client()
    await client.send(configure=configure(**fields))
    error = await client.next("error")
    assert (error.code, error.field) == ("invalid_input", field)
    assert (await client.status())[0] is INVALID


async def test_unknown_fields_are_ignored(served: Rig) -> None:
    client = served.client()
    wire = configure().SerializeToString() + b"\xfa\x3f\x03new"  # field 1023, length-delimited
    await client.send(configure=v1.Configure.FromString(wire))
    await client.next("granted")
    await goes_on(client)


@pytest.mark.parametrize(("message", "field"), bad.LOST_ALONE.values(), ids=bad.LOST_ALONE)
async def test_a_bad_message_is_lost_alone_and_told_by_field(
    served: Rig, message: dict[str, object], field: str
) -> None:
    client, _ = await served.opened()
    await client.send(**message)
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


@pytest.mark.parametrize("media_time_ms", bad.PICTURE_TIMES.values(), ids=bad.PICTURE_TIMES)
async def test_a_picture_of_a_time_that_cannot_be_is_lost_alone(served: Rig, media_time_ms: int) -> None:
    client, _ = await served.opened(video_in=v1.VideoInput(codec=v1.VIDEO_CODEC_JPEG))
    await client.send(video=v1.VideoFrame(media_time_ms=media_time_ms, data=jpeg(8, 8)))
    error = await client.next("error")
    assert (error.code, error.field, error.seq, error.fatal) == ("invalid_input", "video.media_time_ms", 2, False)
    await goes_on(client)


@pytest.mark.parametrize(("codec", "data"), bad.PICTURES.values(), ids=bad.PICTURES)
async def test_a_picture_that_cannot_be_is_one_frame_lost(served: Rig, codec: int, data: bytes) -> None:
    client, _ = await served.opened(video_in=v1.VideoInput(codec=codec))
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


async def test_ten_megabytes_are_refused_by_the_message_limit_in_a_first_message_too(served: Rig) -> None:
    first = served.client()
    await first.send(configure=configure(instructions="water " * 1_700_000))
    error = await first.next("error")
    assert error.field == "configure"
    assert "exceed limits.max_message_bytes 2097152" in error.message


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
