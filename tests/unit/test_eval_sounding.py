"""Text against voice: what is scored is what sounds, and when it does."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from cluster.media.speech import SpeechTrack
from cluster.media.text import Vocabulary
from cluster.voice.voice import Voice
from counterpoint.talk.wav import Sound
from evals.harness.lockstep import listen
from evals.harness.model import load_model
from evals.harness.script import Script, Typed
from evals.harness.seat import OUTPUT
from evals.harness.sounding import Sounding, loud_frames, reasons, sounding, told
from evals.items import Said
from tests.unit.eval_tools import SHIPPED, VOICE, talkative

RATE = 24_000


def beep(seconds: float, *, lead_s: float = 0.0) -> bytes:
    t = np.arange(round(seconds * RATE)) / RATE
    return bytes(2 * round(lead_s * RATE)) + (6000 * np.sin(900 * t)).astype("<i2").tobytes()


def said(*pairs: tuple[float, float]) -> list[Said]:
    return [Said(onset_s=onset, text="hello", end_s=end) for onset, end in pairs]


def test_a_frame_is_loud_from_a_level_and_known_by_when_it_is_heard() -> None:
    assert loud_frames(beep(0.06, lead_s=0.04), 2.0, RATE) == pytest.approx([2.04, 2.06, 2.08])
    assert loud_frames(bytes(9_600), 2.0, RATE) == loud_frames(b"", 2.0, RATE) == []


def test_an_onset_by_energy_is_told_beside_the_one_by_text() -> None:
    found = sounding(said((2.0, 2.5)), loud_frames(beep(0.4, lead_s=0.06), 2.0, RATE), 5.0)
    assert found == Sounding(outputs=1, silent=0, unsaid_s=0.0, lags_ms=(60.0,))


def test_of_outputs_that_follow_each_other_only_the_first_has_an_onset_by_energy() -> None:
    found = sounding(said((2.0, 2.3), (2.3, 2.6)), loud_frames(beep(0.6), 2.0, RATE), 5.0)
    assert (found.outputs, found.silent, found.lags_ms) == (2, 0, (0.0,))


def test_words_without_sound_and_sound_without_words_are_told_and_no_such_report_stands() -> None:
    mute = sounding(said((2.0, 2.5)), [], 5.0)
    stray = sounding([], loud_frames(beep(0.4), 3.0, RATE), 5.0)
    event = sounding([Said(onset_s=2.0, text="<keep>", end_s=2.0)], [], 5.0)
    assert (mute.silent, stray.unsaid_s, event.outputs) == (1, 0.4, 0)
    why = reasons([mute, stray, event])
    assert "1 of 1 outputs were said by their text and nothing sounded" in why
    assert any(reason.startswith("0.4 s of sound belong to no output") for reason in why)
    assert reasons([event]) == []


def test_what_begins_as_the_session_ends_is_not_judged() -> None:
    assert sounding(said((4.95, 5.0)), [], 5.0).outputs == 0


def test_in_a_session_every_output_sounds_where_its_text_says_and_nothing_else_does(tmp_path: Path) -> None:
    model = load_model(talkative(tmp_path), VOICE, sessions=2, deterministic=False)
    quiet = Sound(pcm=b"", sample_rate_hz=16_000).lasting(6.0)
    (heard,) = listen(model, [Script(id="a", sound=quiet, typed=(Typed(at_ms=400, text="drink water"),))])
    sound = told([heard.sound])
    assert sound["outputs"] > 3
    assert reasons([heard.sound]) == []


def test_every_word_of_the_shipped_voice_is_that_word_and_loud_at_once() -> None:
    """Whatever is said, the onset by text is one by energy but for three frames."""
    voice = Voice(VOICE)
    for word in Vocabulary(SHIPPED / "tokenizer.json").spoken():
        track = SpeechTrack(voice.session(), voice.sample_rate, OUTPUT)
        spoken = track.render(0, (word,), may_sound=True)
        assert spoken.words == ((word, 0, 0),)
        assert loud_frames(spoken.audio, 0.0, OUTPUT.rate)[0] <= 0.06, word
        own = voice.units.by_words[(word,)].sound.astype("<i2").tobytes()
        assert own.startswith(spoken.audio)


def test_the_voice_that_was_read_back_is_the_one_that_ships() -> None:
    read = (VOICE / "README.md").read_text()
    assert hashlib.sha256((VOICE / "units.flac").read_bytes()).hexdigest() in read
    assert hashlib.sha256((VOICE / "index.json").read_bytes()).hexdigest() in read
