"""The edge of a session: what leaves, when, in which order, and what every message is answered with."""

from __future__ import annotations

import pytest

from cluster.errors import InvalidInput, ProtocolError
from cluster.media.credits import Credit
from cluster.media.messages import (
    AudioChunk,
    CloseRequest,
    CloseUp,
    Control,
    ControlUp,
    DroppedMedia,
    Fault,
    Outcome,
    Playback,
    PlayedUp,
    TextChunk,
    TurnUp,
    VideoFrame,
)
from cluster.media.spec import AudioFormat, Codec, Track
from cluster.media.text import Vocabulary
from cluster.media.timeline import MediaOutcome
from tests.unit.edge_rig import MS, audio, edge, turns, write_vocabulary


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return write_vocabulary(tmp_path_factory.mktemp("vocabulary"))


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


@pytest.mark.parametrize(
    ("rate", "codec"), [(44_100, Codec.OPUS), (16_001, Codec.PCM_S16LE), (96_000, Codec.PCM_S16LE)]
)
def test_a_rate_that_cannot_be_is_refused_by_field(rate: int, codec: Codec) -> None:
    with pytest.raises(InvalidInput, match=r"configure\.audio_in\.sample_rate_hz"):
        AudioFormat(codec=codec, rate=rate).check("configure.audio_in")


def test_typed_text_may_have_capitals_and_full_stops(vocabulary: Vocabulary) -> None:
    assert vocabulary.encode("Remind me, to DRINK water.", "text.text") == (3, 4, 5, 6, 7)
    assert vocabulary.words((6, 7)) == ("drink", "water")


@pytest.mark.parametrize("text", ["absinthe\0", "absinthe <keep>", "<absinthe>"])
def test_what_is_wrong_with_a_text_is_told_without_repeating_it(vocabulary: Vocabulary, text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        vocabulary.encode(text, "text.text")
    assert "absinthe" not in str(refused.value)
    assert "keep" not in str(refused.value)


def drifting(vocabulary: Vocabulary, late_ms: int, *, from_k: int, turns_sent: int) -> list[TurnUp]:
    """All that leaves when every micro-turn from `from_k` on comes so much later than those before."""
    session = edge(vocabulary)
    out: list[object] = []
    for k in range(turns_sent):
        at_ns = (200 * (k + 1) + (late_ms if k >= from_k else 0)) * MS
        out += session.receive(audio(2 + k, k), at_ns)
        out += session.result(k, at_ns)
    return turns(out)


def test_a_slip_is_said_with_its_micro_turn_and_stretching_with_its_ratio(vocabulary: Vocabulary) -> None:
    late = drifting(vocabulary, 250, from_k=60, turns_sent=220)
    assert [turn.slip for turn in late].count(1) == 1
    inserted = next(turn for turn in late if turn.slip)
    assert inserted.stretch_ppm == 0
    early = drifting(vocabulary, -250, from_k=60, turns_sent=220)
    assert [turn.slip for turn in early].count(-1) == 1
    stretched = drifting(vocabulary, 20, from_k=60, turns_sent=120)
    assert {turn.slip for turn in stretched} == {0}
    assert max(turn.stretch_ppm for turn in stretched) == round(1e6 / 3200)  # a sample at a time
    assert min(turn.stretch_ppm for turn in stretched) == 0


def test_a_client_on_the_schedulers_clock_is_not_resampled_though_ours_drifts(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    out: list[object] = []
    for k in range(600):  # two minutes in which our clock loses 500 ppm
        epoch_ns = -(k * 200 * MS) * 500 // 1_000_000
        session.follow(epoch_ns)
        out += session.receive(audio(2 + k, k), epoch_ns + 200 * (k + 1) * MS)
    assert {(turn.stretch_ppm, turn.slip) for turn in turns(out)} == {(0, 0)}
    assert len(turns(out)) == 600


def test_another_owners_media_clock_is_no_drift_of_the_client(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    out: list[object] = []
    for k in range(220):
        if k == 60:
            session.follow(-250 * MS)  # the client seems 250 ms later from now on
        out += session.receive(audio(2 + k, k), 200 * (k + 1) * MS)
    assert {turn.slip for turn in turns(out)} == {0}
