"""Real time over the wire: what a microphone and a camera give leaves when they give it."""

from __future__ import annotations

import numpy as np

from cluster.media.frames import decode_frame
from cluster.media.spec import Codec, MediaSpec
from counterpoint.talk.wav import Sound
from evals.harness.pictures import Picture
from evals.harness.realtime import listen_live
from evals.harness.script import Script
from tests.fakes.interaction_server import FakeServer, FakeSession

SPEC = MediaSpec.from_config({"vision": {"patch": 40, "grid": 2}, "micro_turn": {"video_in_max": 4}})


def script(name: str, turns: int, pictures: tuple[Picture, ...] = ()) -> Script:
    quiet = Sound(pcm=b"", sample_rate_hz=16_000)
    return Script(id=name, sound=quiet.lasting(0.2 * turns), pictures=pictures)


def film(turns: int) -> tuple[Picture, ...]:
    rng = np.random.default_rng(1)
    return tuple(Picture(at_ms=200 * k, side=80, square=rng.bytes(80 * 80 * 3)) for k in range(turns))


def seconds(session: FakeSession) -> float:
    return session.audio_samples / 16_000


async def test_pictures_leave_as_they_are_made_and_arrive_as_they_were() -> None:
    shown = film(4)
    async with FakeServer({1: "hello"}, period_ms=200) as server:
        (live,) = await listen_live(server.target, [script("a", 4, shown)], sessions=1)
    (session,) = server.sessions.values()
    assert session.configure.HasField("video_in")
    frames = [each.video for each in session.messages if each.WhichOneof("message") == "video"]
    assert [frame.media_time_ms for frame in frames] == [picture.at_ms for picture in shown]
    received = [decode_frame(frame.data, Codec.PNG, SPEC) for frame in frames]
    assert received == [picture.patches(SPEC.vision_grid) for picture in shown]
    kinds = [each.WhichOneof("message") for each in session.messages]
    assert kinds.index("video") < kinds.index("audio")  # the first picture is there before the first chunk is full
    assert kinds[-1] == "close"
    assert [said.text for said in live.said] == ["hello"]
    assert (live.failed, live.turns, live.dropped_ms) == ("", 4, 0)
    assert live.trace is not None
    assert live.trace.ticks == (0, 1, 2, 3)


async def test_an_item_without_pictures_opens_no_track_for_them() -> None:
    async with FakeServer(period_ms=200) as server:
        await listen_live(server.target, [script("a", 1)], sessions=1)
    (session,) = server.sessions.values()
    assert not session.configure.HasField("video_in")


async def test_the_longest_goes_first_and_each_answer_is_that_of_its_item() -> None:
    told: list[tuple[int, int]] = []
    asked = [script("short", 1), script("long", 3), script("middle", 2)]
    async with FakeServer(period_ms=200) as server:
        found = await listen_live(server.target, asked, sessions=1, progress=lambda done, of: told.append((done, of)))
    assert [round(seconds(each), 1) for each in server.sessions.values()] == [0.6, 0.4, 0.2]
    assert [(each.id, each.turns) for each in found] == [("short", 1), ("long", 3), ("middle", 2)]
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert not any(each.failed for each in found)
