"""From the server's messages to the client's events: stale owners, ends, and what a resume has to say."""

from __future__ import annotations

import pytest

from counterpoint.client.errors import Failed, Refused, TakenOver
from counterpoint.client.events import Closed, Complaint, Event, GoingAway, MediaAnswered, Noticed, SpeechEnded, Turn
from counterpoint.client.inbox import Inbox
from counterpoint.client.ledger import Ledger
from counterpoint.client.outbox import Outbox
from counterpoint.client.timeline import MS, Timeline
from counterpoint.v1 import interaction_pb2 as v1

GRANTED = v1.Granted(
    session_id="s", resume_token="first", micro_turn_ms=200, jitter_ms=30, due_ms=160, output_sample_rate_hz=24_000
)
TIMELINE = Timeline.of(GRANTED, received_ns=0, same_host=False)


class Given:
    """An inbox with what stands behind it."""

    def __init__(self) -> None:
        self.ledger = Ledger(TIMELINE)
        self.inbox = Inbox(self.ledger, GRANTED, epoch=3)
        self.outbox = Outbox(v1.Limits(credit_ms=100, credit_bytes=1_000), lossy=True)

    def hears(self, epoch: int = 3, **message: object) -> list[Event]:
        return self.inbox.receive(v1.InteractResponse(epoch=epoch, **message), self.outbox, 5 * MS)


def turn(k: int, audio: bytes = b"") -> v1.MicroTurnDone:
    start = 4_800 * k
    said = [v1.Text(text="hi", sample=start + 2_400)]
    return v1.MicroTurnDone(k=k, timing=v1.TIMING_ON_TIME, first_sample=start, audio=audio, text=said)


def test_a_word_lies_where_its_sample_lies_on_the_media_clock() -> None:
    (event,) = Given().hears(micro_turn=turn(2))
    assert isinstance(event, Turn)
    assert (event.output_ms, event.said[0].media_ms) == (790, 890)


def test_a_stale_owner_is_not_heard_and_a_new_one_is() -> None:
    given = Given()
    assert given.hears(epoch=2, micro_turn=turn(0)) == []
    assert len(given.hears(epoch=4, micro_turn=turn(0))) == 1
    assert given.hears(epoch=3, micro_turn=turn(1)) == []


def test_a_repeated_result_gives_no_second_event() -> None:
    given = Given()
    assert len(given.hears(micro_turn=turn(0))) == 1
    assert given.hears(micro_turn=turn(0)) == []


def test_a_resume_says_what_was_received_and_uses_the_newest_token() -> None:
    given = Given()
    assert given.inbox.resume() == v1.Resume(session_id="s", token="first", received_k=-1)
    given.hears(micro_turn=turn(0, b"\1\0" * 4_800))
    given.hears(micro_turn=turn(1))
    given.inbox.resumed(v1.Granted(resume_token="second"), 5, TIMELINE)
    assert given.inbox.resume() == v1.Resume(session_id="s", token="second", received_k=1, received_sample=4_800)
    assert given.hears(epoch=4, micro_turn=turn(2)) == []


def test_credit_and_acceptance_are_bookkeeping_and_give_no_event() -> None:
    given = Given()
    assert given.hears(credit=v1.Credit(track=v1.TRACK_AUDIO, ms=10)) == []
    assert given.hears(accepted=v1.Accepted(through=4, audio_samples=3_200)) == []
    assert given.inbox.accepted_samples == 3_200


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ({"media_outcome": v1.MediaOutcome(seq=4)}, MediaAnswered),
        ({"response_ended": v1.ResponseEnded(k=3)}, SpeechEnded),
        ({"going_away": v1.GoingAway(in_ms=500)}, GoingAway),
        ({"error": v1.Error(code="invalid_input")}, Complaint),
        ({"notice": v1.Notice(code="unknown_words")}, Noticed),
        ({"closed": v1.Closed(micro_turns=4)}, Closed),
    ],
)
def test_what_the_application_should_know_is_an_event(message: dict[str, object], event: type) -> None:
    (found,) = Given().hears(**message)
    assert isinstance(found, event)


@pytest.mark.parametrize(
    ("message", "error", "says"),
    [
        ({"superseded": v1.Superseded()}, TakenOver, "another client resumed"),
        ({"rejected": v1.Rejected(limit="kv", reason="full")}, Refused, "kv: full"),
        (
            {"error": v1.Error(code="protocol_error", field="seq", message="gap", fatal=True)},
            Failed,
            "protocol_error: seq: gap",
        ),
    ],
)
def test_what_ends_the_session_is_raised(message: dict[str, object], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        Given().hears(**message)


def test_a_kind_of_message_younger_than_this_client_is_ignored() -> None:
    assert Given().hears() == []
