"""What one client may put on everybody else: bytes, messages, controls and reports in a micro-turn."""

from __future__ import annotations

import pytest

from cluster.errors import ProtocolError
from cluster.media.credits import MESSAGE_BYTES, Credit, InFlight
from cluster.media.intake import MAX_CONTROLS
from cluster.media.messages import CloseRequest, Control, ControlUp, Fault, Playback, PlayedUp
from cluster.media.text import Vocabulary
from tests.unit.edge_rig import MS, audio, edge, turns, write_vocabulary


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return write_vocabulary(tmp_path_factory.mktemp("vocabulary"))


def test_a_client_that_ignores_its_credit_is_stopped() -> None:
    flight = InFlight(next_seq=1, limit_bytes=2 * MESSAGE_BYTES + 1000)
    flight.open(1, 900)
    with pytest.raises(ProtocolError, match=r"limits\.credit_bytes"):
        flight.open(2, 200)


def test_messages_without_payload_cost_until_a_micro_turn_left() -> None:
    flight = InFlight(next_seq=1, limit_bytes=2 * MESSAGE_BYTES)
    for seq in (1, 2):
        flight.open(seq, 0)
        flight.settle(seq)
    with pytest.raises(ProtocolError, match="fewer messages"):
        flight.open(3, 0)
    flight.turn_left()
    flight.open(3, 0)
    assert flight.bytes == MESSAGE_BYTES


def test_a_flood_of_reports_ends_its_own_stream(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    with pytest.raises(ProtocolError, match=r"limits\.credit_bytes"):
        for seq in range(2, 3_000):
            session.receive(Playback(seq=seq, played_samples=0, cut=True), 0)


def test_what_carries_no_payload_gives_no_credit_back(vocabulary: Vocabulary) -> None:
    out = edge(vocabulary).receive(Control(seq=2, control_id="c", kind="ping"), 0)
    assert not [one for one in out if isinstance(one, Credit)]


def test_reports_of_a_micro_turn_go_up_as_the_newest_of_them(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    session.result(3, 0)
    for seq, samples in ((2, 100), (3, 200), (4, 300)):
        assert session.receive(Playback(seq=seq, played_samples=samples, cut=False), 0) == []
    out = session.receive(audio(5, 0), 200 * MS)
    assert [one for one in out if isinstance(one, PlayedUp)] == [PlayedUp(k=0, sample=300, cut=False)]
    assert len(turns(out)) == 1


def test_a_second_cut_waits_for_the_end_of_its_micro_turn_and_stays_a_cut(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    session.result(3, 0)
    cut = PlayedUp(k=0, sample=100, cut=True)
    assert session.receive(Playback(seq=2, played_samples=100, cut=True), 0) == [cut]
    assert session.receive(Playback(seq=3, played_samples=200, cut=True), 0) == []
    assert session.receive(Playback(seq=4, played_samples=250, cut=False), 0) == []
    out = session.sealed(0, "late", 900 * MS)
    assert [one for one in out if isinstance(one, PlayedUp)] == [PlayedUp(k=0, sample=250, cut=True)]


def test_a_report_that_waits_goes_before_the_close(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary, lockstep=True)
    session.result(3, 0)
    session.receive(Playback(seq=2, played_samples=100, cut=False), 0)
    assert session.receive(CloseRequest(seq=3), 0)[0] == PlayedUp(k=0, sample=100, cut=False)


def test_controls_beyond_the_unacknowledged_are_refused_alone(vocabulary: Vocabulary) -> None:
    session = edge(vocabulary)
    for number in range(MAX_CONTROLS):
        session.receive(Control(seq=2 + number, control_id=f"c{number}", kind="ping"), 0)
    seq = 2 + MAX_CONTROLS
    (fault,) = session.receive(Control(seq=seq, control_id="more", kind="ping"), 0)
    assert isinstance(fault, Fault)
    assert (fault.code, fault.field, fault.seq, fault.fatal) == ("invalid_input", "control", seq, False)
    session.acknowledged("c0")
    (up,) = session.receive(Control(seq=seq + 1, control_id="more", kind="ping"), 0)
    assert isinstance(up, ControlUp)
