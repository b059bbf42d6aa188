"""Pictures at the edge of a session: decoded, bounded, refused alone, and in the micro-turn they belong to."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from cluster.errors import MediaError
from cluster.media.frames import decode_frame
from cluster.media.messages import Outcome, VideoFrame
from cluster.media.spec import Codec
from cluster.media.text import Vocabulary
from cluster.media.timeline import MediaOutcome
from tests.unit.edge_rig import MS, SPEC, audio, edge, turns, write_vocabulary


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return write_vocabulary(tmp_path_factory.mktemp("vocabulary"))


def picture(width: int, height: int, kind: str = "JPEG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.tile(np.arange(width, dtype=np.uint8), (height, 1))).save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize(("codec", "kind"), [(Codec.JPEG, "JPEG"), (Codec.PNG, "PNG")])
def test_a_frame_becomes_four_patches(codec: Codec, kind: str) -> None:
    patches = decode_frame(picture(320, 240, kind), codec, SPEC)
    assert len(patches) == 4 * 40 * 40 * 3


def test_patches_are_the_quarters_of_the_centre_square() -> None:
    pixels = np.zeros((80, 80, 3), np.uint8)
    pixels[:40, 40:] = 200
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    patches = np.frombuffer(decode_frame(stream.getvalue(), Codec.PNG, SPEC), np.uint8).reshape(4, 40, 40, 3)
    assert [int(patch.mean()) for patch in patches] == [0, 200, 0, 0]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"\xff\xd8\xff\xe0 no picture", "undecodable"),
        (picture(320, 240)[:200], "undecodable"),
        (picture(320, 240, "PNG"), "undecodable jpeg"),
        (b"\0" * (1024 * 1024 + 1), "exceed"),
        (picture(5000, 2), "5000x2 pixels exceed"),
    ],
)
def test_a_picture_that_cannot_be_is_refused_by_field(data: bytes, says: str) -> None:
    with pytest.raises(MediaError, match=r"video\.data.*" + says):
        decode_frame(data, Codec.JPEG, SPEC)


def test_frames_beyond_what_a_micro_turn_holds_are_refused(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    outcomes = []
    first, second = (VideoFrame(seq=seq, media_time_ms=50, data=b"x") for seq in (2, 3))
    for frame in (first, second):
        outcomes += [one.outcome for one in session.receive(frame, 0) if isinstance(one, Outcome)]
    assert not session.awaits_frame(3)  # refused before it is decoded
    session.frame(first, b"p" * 19_200, 0)
    assert outcomes == [MediaOutcome.OVERLAP_REFUSED]
    (turn,) = turns(session.receive(audio(4, 0), 200 * MS))
    assert (turn.turn.num_patches, len(turn.turn.patches), turn.through) == (4, 19_200, 4)


def test_in_lockstep_a_micro_turn_waits_for_its_picture(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary, lockstep=True)
    frame = VideoFrame(seq=2, media_time_ms=50, data=b"x")
    session.receive(frame, 0)
    assert turns(session.receive(audio(3, 0), 0)) == []
    (turn,) = turns(session.frame(frame, b"p" * 19_200, 0))
    assert turn.turn.num_patches == 4


def test_a_picture_that_was_decoded_slowly_goes_with_the_next_micro_turn(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    frame = VideoFrame(seq=2, media_time_ms=50, data=b"x")
    session.receive(frame, 0)
    (first,) = turns(session.receive(audio(3, 0), 200 * MS))
    session.frame(frame, b"p" * 19_200, 210 * MS)
    (second,) = turns(session.receive(audio(4, 1), 400 * MS))
    assert [(turn.turn.num_patches, turn.through) for turn in (first, second)] == [(0, 1), (4, 4)]


def test_a_picture_that_came_after_its_micro_turn_is_too_late(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    session.receive(audio(2, 0), 200 * MS)
    frame = VideoFrame(seq=3, media_time_ms=50, data=b"x")
    (outcome,) = (one for one in session.receive(frame, 210 * MS) if isinstance(one, Outcome))
    assert outcome.outcome is MediaOutcome.TOO_LATE
    assert not session.awaits_frame(3)


def test_an_undecodable_picture_is_lost_alone(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    frame = VideoFrame(seq=2, media_time_ms=50, data=b"x")
    session.receive(frame, 0)
    (outcome,) = (one for one in session.frame(frame, MediaError("video.data", "no"), 0) if isinstance(one, Outcome))
    assert (outcome.outcome, outcome.seq) == (MediaOutcome.UNDECODABLE, 2)
