"""The edge of a session: what leaves, when, in which order, and what every message is answered with."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cluster.errors import InvalidInput, MediaError, ProtocolError
from cluster.media.credits import Credit, InFlight
from cluster.media.edge import Edge
from cluster.media.frames import decode_frame
from cluster.media.messages import (
    AudioChunk,
    CloseRequest,
    CloseUp,
    Control,
    ControlUp,
    DroppedMedia,
    Fault,
    Grant,
    Opening,
    Outcome,
    Playback,
    PlayedUp,
    TextChunk,
    TurnUp,
    VideoFrame,
)
from cluster.media.spec import AudioFormat, Codec, MediaSpec, Track
from cluster.media.text import Vocabulary
from cluster.media.timeline import MediaOutcome

MS = 1_000_000
SPEC = MediaSpec.from_config(
    {
        "vision": {"patch": 40, "grid": 2},
        "micro_turn": {"video_in_max": 4, "text_in_max": 4},
        "window": {"prefix_max": 8},
    }
)
PCM = AudioFormat(codec=Codec.PCM_S16LE, rate=16_000)


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    words = ["<sil>", "<keep>", "<unk>", "remind", "me", "to", "drink", "water", "every", "two", "seconds"]
    model = {"type": "WordLevel", "vocab": {word: at for at, word in enumerate(words)}, "unk_token": "<unk>"}
    whole = {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "WhitespaceSplit"}, "model": model}
    file = Path(tmp_path_factory.mktemp("vocabulary")) / "tokenizer.json"
    file.write_text(json.dumps(whole))
    return Vocabulary(file)


def edge(vocabulary: Vocabulary, *, lockstep: bool = False, audio: bool = True, next_k: int = 0, seq: int = 1) -> Edge:
    opening = Opening(
        tenant="default",
        audio_in=PCM if audio else None,
        video_in=Codec.JPEG,
        audio_out=AudioFormat(codec=Codec.PCM_S16LE, rate=24_000),
        instructions="",
        lockstep=lockstep,
    )
    grant = Grant(
        next_k=next_k,
        position=3200 * next_k,
        accepted_through=seq,
        media_epoch_ns=0,
        jitter_ms=30,
        credit_ms=2000,
        credit_bytes=1 << 20,
    )
    return Edge(opening, grant, SPEC, vocabulary)


def audio(seq: int, k: int, *, parts: int = 1, part: int = 0) -> AudioChunk:
    samples = 3200 // parts
    return AudioChunk(seq=seq, media_time=3200 * k + part * samples, data=b"\1\0" * samples)


def turns(out: list) -> list[TurnUp]:
    return [each for each in out if isinstance(each, TurnUp)]


def test_a_micro_turn_leaves_when_its_last_chunk_came(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    assert turns(session.receive(audio(2, 0, parts=2, part=0), 100 * MS)) == []
    (turn,) = turns(session.receive(audio(3, 0, parts=2, part=1), 200 * MS))
    assert (turn.turn.k, turn.through, turn.position) == (0, 3, 3200)
    assert len(turn.turn.audio) == 600


def test_media_sent_ahead_waits_until_one_micro_turn_before_its_end(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    out = [*session.receive(audio(2, 0), 10 * MS), *session.receive(audio(3, 1), 20 * MS)]
    assert [turn.turn.k for turn in turns(out)] == [0]
    assert session.wake_ns() == 200 * MS
    assert turns(session.poll(199 * MS)) == []
    assert [turn.turn.k for turn in turns(session.poll(200 * MS))] == [1]


def test_in_lockstep_micro_turns_wait_for_results_not_for_the_clock(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary, lockstep=True)
    out = [one for k in range(6) for one in session.receive(audio(2 + k, k), 0)]
    assert [turn.turn.k for turn in turns(out)] == [0, 1, 2]
    assert [turn.turn.k for turn in turns(session.result(0, 0))] == [3]
    assert session.wake_ns() is None


def test_without_a_microphone_the_clock_makes_micro_turns(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary, audio=False)
    session.receive(TextChunk(seq=2, media_time_ms=0, text="remind me to drink water"), 50 * MS)
    (first,) = turns(session.poll(200 * MS))
    (second,) = turns(session.poll(400 * MS))
    assert (first.turn.text, first.through) == ((3, 4, 5, 6), 1)
    assert (second.turn.text, second.through) == ((7,), 2)


def test_credit_comes_back_when_the_data_left(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    out = session.receive(audio(2, 0), 200 * MS)
    assert Credit(track=Track.AUDIO, ms=200, bytes=6400) in out


def test_acceptance_never_passes_a_message_that_is_not_cut(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    session.receive(TextChunk(seq=2, media_time_ms=600, text="water"), 0)
    (turn,) = turns(session.receive(audio(3, 0), 200 * MS))
    assert turn.through == 1


def test_a_sealed_micro_turn_is_skipped_and_its_media_is_too_late(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    session.receive(audio(2, 0, parts=2, part=0), 100 * MS)
    out = session.sealed(1, "late", 900 * MS)
    assert [one.outcome for one in out if isinstance(one, Outcome)] == [MediaOutcome.GAP_FILLED]
    late = session.receive(audio(3, 1), 950 * MS)
    assert [one.outcome for one in late if isinstance(one, Outcome)] == [MediaOutcome.TOO_LATE]
    (turn,) = turns(session.receive(audio(4, 2), 1000 * MS))
    assert (turn.turn.k, turn.through) == (2, 4)


def test_a_seal_for_what_already_left_changes_nothing(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    session.receive(audio(2, 0), 200 * MS)
    assert session.sealed(0, "late", 300 * MS) == []
    assert session.k == 1


def test_a_resumed_edge_goes_on_where_the_session_stands(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary, next_k=7, seq=40)
    (turn,) = turns(session.receive(audio(41, 7), 1600 * MS))
    assert (turn.turn.k, turn.through, turn.position) == (7, 41, 8 * 3200)


@pytest.mark.parametrize(("seq", "says"), [(1, "used again"), (3, "leaves a gap")])
def test_a_gap_or_reuse_of_seq_ends_the_stream(vocabulary: Vocabulary, seq: int, says: str) -> None:
    with pytest.raises(ProtocolError, match=f"seq: .*{says}"):
        edge(vocabulary).receive(audio(seq, 0), 0)


BAD = [
    (AudioChunk(seq=2, media_time=0, data=b""), "audio.data"),
    (AudioChunk(seq=2, media_time=0, data=b"\0" * 3), "audio.data"),
    (AudioChunk(seq=2, media_time=1 << 60, data=b"\0\0"), "audio.media_time"),
    (TextChunk(seq=2, media_time_ms=0, text="drink\x07"), "text.text"),
    (TextChunk(seq=2, media_time_ms=0, text="a" * 4097), "text.text"),
    (TextChunk(seq=2, media_time_ms=0, text="<keep>"), "text.text"),
    (TextChunk(seq=2, media_time_ms=0, text=" \n"), "text.text"),
    (TextChunk(seq=2, media_time_ms=1 << 62, text="water"), "text.media_time_ms"),
    (VideoFrame(seq=2, media_time_ms=1 << 62, data=b"x"), "video.media_time_ms"),
    (Playback(seq=2, played_samples=99_999_999, cut=False), "playback.played_samples"),
    (DroppedMedia(seq=2, track=Track.AUDIO, from_media_time=9, to_media_time=9), "dropped.to_media_time"),
    (Control(seq=2, control_id="", kind="ping"), "control.control_id"),
    (
        Control(seq=2, control_id="c", kind="update_instructions", instructions="me " * 9),
        "control.update_instructions.instructions",
    ),
]


@pytest.mark.parametrize(("message", "field"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_a_bad_message_is_answered_by_field_and_the_stream_goes_on(
    vocabulary: Vocabulary, message: AudioChunk, field: str
) -> None:
    session = edge(vocabulary)
    (fault,) = (one for one in session.receive(message, 0) if isinstance(one, Fault))
    assert (fault.field, fault.seq, fault.fatal) == (field, 2, False)
    assert fault.message.startswith(field)
    (turn,) = turns(session.receive(audio(3, 0), 200 * MS))
    assert turn.through == 3


def test_a_client_that_ignores_its_credit_is_stopped() -> None:
    flight = InFlight(next_seq=1, limit_bytes=1000)
    flight.open(1, 900)
    with pytest.raises(ProtocolError, match=r"limits\.credit_bytes"):
        flight.open(2, 200)


def test_controls_go_up_at_once_and_a_cut_says_where(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    out = session.receive(Control(seq=2, control_id="c1", kind="interrupt"), 0)
    assert ControlUp(seq=2, control_id="c1", kind="interrupt") in out
    session.result(3, 0)
    out = session.receive(Playback(seq=3, played_samples=4801, cut=True), 0)
    assert PlayedUp(k=1, sample=4801, cut=True) in out


def test_dropped_media_is_silence_without_waiting(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary, lockstep=True)
    dropped = DroppedMedia(seq=2, track=Track.AUDIO, from_media_time=0, to_media_time=6400)
    out = session.receive(dropped, 0)
    assert [turn.turn.gap for turn in turns(out)] == [True, True]


def test_close_sends_what_began_and_then_says_so(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    session.receive(audio(2, 0, parts=2, part=0), 100 * MS)
    out = session.receive(CloseRequest(seq=3), 120 * MS)
    assert [turn.turn.k for turn in turns(out)] == [0]
    assert out[-1] == CloseUp(reason="client") or CloseUp(reason="client") in out
    with pytest.raises(ProtocolError, match="close"):
        session.receive(audio(4, 1), 130 * MS)


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
    for seq in (2, 3):
        frame = VideoFrame(seq=seq, media_time_ms=50, data=b"x")
        session.receive(frame, 0)
        outcomes += [one.outcome for one in session.frame(frame, b"p" * 19_200, 0) if isinstance(one, Outcome)]
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


@pytest.mark.parametrize(
    ("rate", "codec"), [(44_100, Codec.OPUS), (16_001, Codec.PCM_S16LE), (96_000, Codec.PCM_S16LE)]
)
def test_a_rate_that_cannot_be_is_refused_by_field(rate: int, codec: Codec) -> None:
    with pytest.raises(InvalidInput, match=r"configure\.audio_in\.sample_rate_hz"):
        AudioFormat(codec=codec, rate=rate).check("configure.audio_in")


def test_typed_text_may_have_capitals_and_full_stops(vocabulary: Vocabulary) -> None:
    assert vocabulary.encode("Remind me, to DRINK water.", "text.text") == (3, 4, 5, 6, 7)
    assert vocabulary.words((6, 7)) == ("drink", "water")
