"""Pacing, credit, what waits and what is sent again, and the model of playback."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from counterpoint.client.credits import Credits
from counterpoint.client.outbox import Media, Outbox
from counterpoint.client.pacing import Pacer
from counterpoint.client.playback import PlaybackModel
from counterpoint.client.timeline import MS
from counterpoint.v1.interaction_pb2 import (
    TRACK_AUDIO,
    TRACK_VIDEO,
    AudioChunk,
    Close,
    Control,
    InteractRequest,
    Limits,
    PlaybackReport,
)

LIMITS = Limits(credit_ms=2_000, credit_bytes=1 << 20)
CLOSE = InteractRequest(close=Close())
CONTROL = InteractRequest(control=Control(control_id="c1"))


def piece(index: int, ms: int = 40) -> Media:
    request = InteractRequest(audio=AudioChunk(media_time=index * ms * 16, data=bytes(ms * 32)))
    starts, ends = index * ms, (index + 1) * ms
    return Media(
        request=request,
        track=TRACK_AUDIO,
        starts=starts * 16,
        ends=ends * 16,
        starts_ms=starts,
        ends_ms=ends,
        size=ms * 32,
    )


def sent_by(outbox: Outbox) -> list[InteractRequest]:
    found = []
    while (taken := outbox.take()) is not None:
        found.append(taken[0])
    return found


def kinds(requests: list[InteractRequest]) -> list[str]:
    return [request.WhichOneof("message") or "" for request in requests]


def test_a_chunk_leaves_when_its_last_sample_has_been_taken() -> None:
    assert Pacer(zero_ns=1_000, chunk_ms=40).send_ns(0) == 1_000 + 40 * MS
    assert Pacer(zero_ns=1_000, chunk_ms=40).send_ns(4, 1_000 + 160 * MS) == 1_000 + 200 * MS


@given(st.lists(st.integers(0, 500 * MS), min_size=1, max_size=100))
def test_the_pacer_never_bursts_and_never_runs_ahead_whatever_stalls_the_process(stalls: list[int]) -> None:
    pacer, sent = Pacer(zero_ns=0, chunk_ms=40), None
    for index, stall in enumerate(stalls):
        due = pacer.send_ns(index, sent)
        assert due >= (index + 1) * 40 * MS
        assert sent is None or due - sent >= 20 * MS
        sent = due + stall


def test_after_a_stall_the_schedule_is_met_again_at_twice_real_time() -> None:
    pacer, sent = Pacer(zero_ns=0, chunk_ms=40), 400 * MS
    for index in range(1, 20):
        sent = pacer.send_ns(index, sent)
    assert sent == 20 * 40 * MS


@given(st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 1 << 21), st.booleans()), max_size=60))
def test_credit_is_never_negative_and_never_beyond_the_window(steps: list[tuple[int, int, bool]]) -> None:
    credits = Credits(LIMITS)
    for ms, size, spend in steps:
        if spend:
            before = credits.available_ms(TRACK_AUDIO), credits.available_bytes
            took = credits.take(TRACK_AUDIO, ms, size)
            after = credits.available_ms(TRACK_AUDIO), credits.available_bytes
            assert after == ((before[0] - ms, before[1] - size) if took else before)
        else:
            credits.give(TRACK_AUDIO, ms, size)
        assert 0 <= credits.available_ms(TRACK_AUDIO) <= 2_000
        assert 0 <= credits.available_bytes <= 1 << 20


def test_milliseconds_are_counted_per_track_and_bytes_per_stream() -> None:
    credits = Credits(Limits(credit_ms=100, credit_bytes=1_000))
    assert credits.take(TRACK_AUDIO, 100, 600)
    assert not credits.take(TRACK_AUDIO, 1, 1)
    assert credits.take(TRACK_VIDEO, 100, 400)
    assert credits.available_bytes == 0


def test_controls_overtake_media_and_close_waits_for_all_of_it() -> None:
    outbox = Outbox(LIMITS, lossy=True)
    outbox.media(piece(0))
    outbox.order(CLOSE)
    outbox.media(piece(1))
    assert kinds(sent_by(outbox)) == ["audio", "audio", "close"]
    outbox.media(piece(2))
    outbox.order(CONTROL)
    assert kinds(sent_by(outbox)) == ["control", "audio"]


def test_messages_are_numbered_without_gaps_in_the_order_they_leave() -> None:
    outbox = Outbox(Limits(credit_ms=80, credit_bytes=1 << 20), lossy=True)
    for index in range(4):
        outbox.media(piece(index))
    first = sent_by(outbox)
    outbox.order(CONTROL)
    outbox.credit(TRACK_AUDIO, 80, 0)
    assert [request.seq for request in first + sent_by(outbox)] == [2, 3, 4, 5, 6]


def test_a_live_client_out_of_credit_drops_its_oldest_media_and_tells_the_range() -> None:
    outbox = Outbox(Limits(credit_ms=0, credit_bytes=1 << 20), lossy=True, keep_ms=200)
    for index in range(8):
        outbox.media(piece(index))
    (told,) = sent_by(outbox)
    assert (told.dropped.track, told.dropped.from_media_time, told.dropped.to_media_time) == (TRACK_AUDIO, 0, 3 * 640)
    assert (outbox.dropped_ms, outbox.waiting_ms) == (120, 200)


def test_a_lockstep_client_drops_nothing() -> None:
    outbox = Outbox(Limits(credit_ms=0, credit_bytes=0), lossy=False, keep_ms=200)
    for index in range(100):
        outbox.media(piece(index))
    assert (outbox.dropped_ms, outbox.waiting_ms) == (0, 4_000)


def test_after_a_resume_everything_not_accepted_goes_again_from_the_next_number() -> None:
    outbox = Outbox(LIMITS, lossy=True)
    for index in range(5):
        outbox.media(piece(index))
    outbox.order(InteractRequest(playback=PlaybackReport(played_samples=9)), again=False)
    assert len(sent_by(outbox)) == 6
    outbox.accepted(3)
    outbox.media(piece(5))
    outbox.resume(4, LIMITS)
    again = sent_by(outbox)
    assert [request.seq for request in again] == [5, 6, 7, 8]
    assert [request.audio.media_time for request in again] == [640 * i for i in (2, 3, 4, 5)]


def test_media_too_old_to_send_again_is_told_as_dropped_after_a_resume() -> None:
    outbox = Outbox(LIMITS, lossy=True, keep_ms=200)
    for index in range(10):
        outbox.media(piece(index))
        assert outbox.take() is not None
    outbox.resume(2, LIMITS)
    again = sent_by(outbox)
    assert kinds(again) == ["dropped"] + ["audio"] * 5
    assert (again[0].dropped.from_media_time, again[0].dropped.to_media_time) == (640, 5 * 640)
    assert [request.seq for request in again] == [3, 4, 5, 6, 7, 8]


@given(st.lists(st.sampled_from(["media", "take", "accept", "credit", "resume"]), max_size=120), st.data())
def test_whatever_happens_nothing_leaves_twice_out_of_order_or_is_lost_in_silence(
    steps: list[str], data: st.DataObject
) -> None:
    """Every piece ends up accepted, told as dropped, or still held; numbers never skip."""
    outbox = Outbox(Limits(credit_ms=400, credit_bytes=1 << 20), lossy=True, keep_ms=400)
    made, expected, accepted = 0, 2, 1
    told: set[int] = set()
    on_wire: dict[int, set[int]] = {}
    for step in steps:
        if step == "media":
            outbox.media(piece(made))
            made += 1
        elif step == "credit":
            outbox.credit(TRACK_AUDIO, 200, 200 * 32)
        elif step == "accept":
            accepted = data.draw(st.integers(accepted, expected - 1))
            outbox.accepted(accepted)
        elif step == "resume":
            outbox.resume(accepted, Limits(credit_ms=400, credit_bytes=1 << 20))
            expected = accepted + 1
            on_wire = {seq: parts for seq, parts in on_wire.items() if seq <= accepted}
        elif (taken := outbox.take()) is not None:
            request, media = taken
            assert request.seq == expected
            parts = {media.starts // 640} if media else set()
            if request.WhichOneof("message") == "dropped":
                span = range(request.dropped.from_media_time // 640, request.dropped.to_media_time // 640)
                told |= set(span)
                parts = set(span)
            on_wire[expected] = parts
            expected += 1
    outbox.resume(accepted, Limits(credit_ms=1 << 20, credit_bytes=1 << 30))
    answered = set().union(*(parts for seq, parts in on_wire.items() if seq <= accepted))
    for request in sent_by(outbox):
        if request.WhichOneof("message") == "dropped":
            answered |= set(range(request.dropped.from_media_time // 640, request.dropped.to_media_time // 640))
        else:
            answered.add(request.audio.media_time // 640)
    assert answered == set(range(made))


def test_playback_follows_the_due_time_and_never_goes_back() -> None:
    model = PlaybackModel(24_000)
    model.receive(first_sample=0, num_samples=4_800, due_ns=400 * MS, now_ns=250 * MS)
    assert [model.played(ms * MS) for ms in (300, 400, 500, 900)] == [0, 0, 2_400, 4_800]
    model.receive(first_sample=4_800, num_samples=4_800, due_ns=600 * MS, now_ns=1_000 * MS)
    assert model.played(1_100 * MS) == 7_200
    assert model.cut(1_100 * MS) == 7_200
    assert model.played(2_000 * MS) == 7_200
    assert model.received_samples == 9_600
