"""What leaves: once per k, in order, judged by its own time; sound aligned to the output track, never far ahead."""

from __future__ import annotations

import numpy as np
import pytest

from cluster.media.egress import RESULT_LOST, Egress, Result
from cluster.media.playout import MAX_LEAD_MS, Playout
from cluster.media.spec import AudioFormat, Codec
from cluster.media.speech import SpeechTrack, Spoken
from cluster.types import Timing

MS = 1_000_000
OUT = AudioFormat(codec=Codec.PCM_S16LE, rate=24_000)


def egress(next_k: int = 0, *, lockstep: bool = False) -> Egress:
    return Egress(next_k=next_k, epoch=1, output_hz=24_000, lockstep=lockstep)


def result(k: int, *, epoch: int = 1, timing: Timing = Timing.ON_TIME) -> Result:
    return Result(k=k, epoch=epoch, timing=timing, due_ns=(k + 1) * 200 * MS + 190 * MS)


def test_every_k_leaves_once_and_in_order() -> None:
    out = egress()
    assert [one.k for k in (0, 1, 1, 0, 2) for one in out.admit(result(k))] == [0, 1, 2]


def test_a_stale_owner_cannot_speak() -> None:
    out = egress()
    out.admit(result(0, epoch=2))
    assert out.admit(result(1, epoch=1)) == ()
    assert [one.k for one in out.admit(result(1, epoch=2))] == [1]


def test_a_new_owner_cannot_say_again_what_was_heard() -> None:
    out = egress()
    out.admit(result(0))
    assert out.admit(result(0, epoch=2)) == ()


def test_a_k_the_owner_passed_over_leaves_as_skipped() -> None:
    lost, there = egress().admit(result(1))
    assert (lost.k, lost.timing, lost.degradations) == (0, Timing.SKIPPED, (RESULT_LOST,))
    assert there.k == 1


@pytest.mark.parametrize(("late_ms", "timing"), [(-20, Timing.ON_TIME), (3, Timing.LATE)])
def test_timing_is_judged_when_it_leaves(late_ms: int, timing: Timing) -> None:
    one = result(4)
    done = egress(4).leave(one, Spoken(), now_ns=one.due_ns + late_ms * MS)
    assert (done.timing, done.lateness_ns, done.first_sample) == (timing, late_ms * MS, 4 * 4800)


def test_what_was_coalesced_stays_so_however_early() -> None:
    one = result(0, timing=Timing.COALESCED)
    assert egress().leave(one, Spoken(), now_ns=0).timing is Timing.COALESCED


def test_in_lockstep_nothing_is_late() -> None:
    done = egress(lockstep=True).leave(result(0), Spoken(), now_ns=10**15)
    assert (done.timing, done.lateness_ns) == (Timing.ON_TIME, 0)


def test_the_ring_holds_two_seconds() -> None:
    out = egress()
    for k in range(15):
        for one in out.admit(result(k)):
            out.leave(one, Spoken(), now_ns=0)
    assert [done.k for done in out.ring] == list(range(5, 15))


class Beeps:
    """A voice whose every word is 3000 samples of its own number."""

    def __init__(self) -> None:
        self._sound = np.zeros(0, np.int16)
        self._starts: list[tuple[str, int]] = []

    @property
    def pending_samples(self) -> int:
        return len(self._sound)

    def push(self, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            self._starts.append((word, len(self._sound)))
            self._sound = np.concatenate([self._sound, np.full(3000, int(word), np.int16)])
        return ()

    def take(self, samples: int) -> tuple[bytes, tuple[object, ...]]:
        piece, self._sound = self._sound[:samples], self._sound[samples:]
        begun = tuple(Mark(word, at) for word, at in self._starts if at < samples)
        self._starts = [(word, at - samples) for word, at in self._starts if at >= samples]
        return piece.astype("<i2").tobytes().ljust(2 * samples, b"\0"), begun

    def clear(self) -> tuple[str, ...]:
        unsaid = tuple(word for word, _ in self._starts)
        self._sound, self._starts = self._sound[:0], []
        return unsaid


class Mark:
    def __init__(self, word: str, start: int) -> None:
        self.word, self.start = word, start


def test_words_are_aligned_where_their_sound_begins() -> None:
    speech = SpeechTrack(Beeps(), 24_000, OUT)
    first = speech.render(10, ("7", "8"), may_sound=True)
    second = speech.render(11, (), may_sound=True)
    assert first.words == (("7", 48_000, 10), ("8", 51_000, 10))
    assert (len(first.audio), first.ended) == (9600, None)
    assert np.frombuffer(second.audio, "<i2")[:1200].tolist() == [8] * 1200
    assert second.ended == 52_800 + 1200
    assert speech.render(12, (), may_sound=True) == Spoken()


def test_sound_that_must_wait_is_not_lost() -> None:
    speech = SpeechTrack(Beeps(), 24_000, OUT)
    assert speech.render(0, ("5",), may_sound=False) == Spoken()
    assert speech.render(1, (), may_sound=True).words == (("5", 4800, 0),)


def test_a_word_that_had_to_wait_its_turn_still_tells_which_micro_turn_emitted_it() -> None:
    speech = SpeechTrack(Beeps(), 24_000, OUT)
    assert speech.render(3, ("5", "6"), may_sound=True).words == (("5", 14_400, 3), ("6", 17_400, 3))
    assert speech.render(4, ("<keep>", "7"), may_sound=True).words == (("7", 20_400, 4),)


def test_an_interruption_throws_away_what_was_not_taken() -> None:
    speech = SpeechTrack(Beeps(), 24_000, OUT)
    speech.render(0, ("5", "6", "7"), may_sound=True)
    assert speech.stop() == ("7",)
    assert speech.idle


def test_sample_positions_follow_the_clients_rate() -> None:
    speech = SpeechTrack(Beeps(), 24_000, AudioFormat(codec=Codec.PCM_S16LE, rate=8_000))
    spoken = speech.render(10, ("7", "8"), may_sound=True)
    assert spoken.words == (("7", 16_000, 10), ("8", 17_000, 10))
    assert len(spoken.audio) == 3200


def send(playout: Playout, k: int, *, now_ms: int) -> None:
    playout.sent(k * 4800, due_ns=(k + 1) * 200 * MS + 190 * MS, now_ns=now_ms * MS)


def test_real_time_playout_leaves_room_for_the_next_micro_turn() -> None:
    playout = Playout(24_000)
    for k in range(10):
        now_ms = 200 * (k + 1) + 60
        assert playout.may_send(now_ms * MS)
        send(playout, k, now_ms=now_ms)
        assert playout.unheard_ms(now_ms * MS) <= MAX_LEAD_MS


def test_a_listener_who_lags_holds_the_voice_back() -> None:
    playout = Playout(24_000)
    for k in range(3):
        send(playout, k, now_ms=200 * k)
        playout.report(1, cut=False, now_ns=200 * k * MS)
    assert not playout.may_send(400 * MS)


def test_silence_before_speech_is_no_lead() -> None:
    playout = Playout(24_000)
    send(playout, 0, now_ms=260)
    playout.report(4800, cut=False, now_ns=600 * MS)
    send(playout, 30, now_ms=6260)
    playout.report(4800, cut=False, now_ns=6300 * MS)
    assert playout.unheard_ms(6300 * MS) == 200


def test_after_a_cut_nothing_is_unheard() -> None:
    playout = Playout(24_000)
    send(playout, 0, now_ms=260)
    playout.report(2000, cut=True, now_ns=430 * MS)
    assert playout.unheard_ms(430 * MS) == 0
