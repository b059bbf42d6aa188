from __future__ import annotations

import json
import wave
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from training.clips import read_recorded
from training.kokoro import to_kokoro, write_wav
from training.kokoro_clips import STYLES, TIMBRES, plan_clip
from training.tasks import Kind
from training.vocab import HELD_OUT_PHRASES, HELD_OUT_TENTHS
from training.voices import HELD_OUT_STYLES, OUTPUT_STYLE
from training.word_bounds import word_bounds

TRAINED = [plan_clip(index, seed=1, held_out=False) for index in range(400)]
HELD_OUT = [plan_clip(index, seed=1, held_out=True) for index in range(160)]


def test_a_clip_depends_on_its_seed_and_index_alone() -> None:
    assert plan_clip(7, seed=1, held_out=False) == TRAINED[7]
    assert plan_clip(7, seed=2, held_out=False) != TRAINED[7]


def test_recorded_clips_are_read_as_they_were_asked_for_and_only_the_new_ones(tmp_path: Path) -> None:
    with (tmp_path / "manifest.jsonl").open("w") as lines:
        for index, plan in enumerate(TRAINED[:3]):
            write_wav(tmp_path / f"{index}.wav", np.sin(np.arange(4000, dtype=np.float32)), 16_000)
            row = {"file": f"{index}.wav", "style": plan.style, "speed": plan.speed, **asdict(plan.asked)}
            lines.write(json.dumps(row) + "\n")
    assert [clip.utterance for clip in read_recorded(tmp_path)] == [plan.asked for plan in TRAINED[:3]]
    (last,) = read_recorded(tmp_path, after=2)
    assert (last.utterance, last.voice) == (TRAINED[2].asked, f"kokoro:{TRAINED[2].style}")


def test_neither_held_out_styles_nor_the_output_voice_are_ever_trained() -> None:
    assert not {*STYLES, *TIMBRES} & {*HELD_OUT_STYLES, OUTPUT_STYLE}
    assert {part.partition(":")[0] for plan in TRAINED for part in plan.style.split("+")} <= {*STYLES, *TIMBRES}


def test_training_clips_never_ask_for_held_out_phrases_or_periods() -> None:
    asked = [plan.asked for plan in TRAINED]
    assert not {one.say for one in asked} & set(HELD_OUT_PHRASES)
    assert not {one.tenths for one in asked if one.kind is Kind.EVERY} & set(HELD_OUT_TENTHS)


def test_held_out_clips_use_held_out_styles_and_phrases_of_every_kind_the_probe_needs() -> None:
    asked = [plan.asked for plan in HELD_OUT]
    assert {plan.style for plan in HELD_OUT} == set(HELD_OUT_STYLES)
    assert {one.say for one in asked if one.say} <= set(HELD_OUT_PHRASES)
    assert {one.kind for one in asked} == {Kind.EVERY, Kind.IN, Kind.CUE, Kind.STOP, Kind.CHATTER}
    assert {one.tenths for one in asked if one.kind is Kind.EVERY} >= set(HELD_OUT_TENTHS)


@pytest.mark.parametrize(
    ("ipa", "british", "kokoro"),
    [
        ("ɹᵻmˈa^ɪnd", False, "ɹᵻmˈInd"),
        ("t^ʃˈɛk", False, "ʧˈɛk"),
        ("bˈʌʔn\u0329", False, "bˈʌtᵊn"),
        ("ɡˈo^ʊ", False, "ɡˈO"),
        ("ɡˈə^ʊ", True, "ɡˈQ"),
        ("wˈɔːtə", True, "wˈɔːtə"),
    ],
)
def test_phonemes_become_the_symbols_the_synthesiser_was_trained_on(ipa: str, british: bool, kokoro: str) -> None:
    assert to_kokoro(ipa, british) == kokoro


def test_a_wav_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.array([0.0, 1.0, -1.0], np.float32), 16_000)
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        assert np.frombuffer(file.readframes(3), "<i2").tolist() == [0, 32767, -32767]
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_the_words_of_a_phrase_are_found_where_they_begin() -> None:
    rate = 24_000
    time = np.arange(rate // 2, dtype=np.float32) / rate

    def vowel(hz: float, seconds: float) -> np.ndarray:
        harmonics = sum(np.sin(2 * np.pi * hz * k * time) / k for k in range(1, 9))
        return (0.05 * harmonics[: int(seconds * rate)]).astype(np.float32)

    phrase = np.concatenate([vowel(200, 0.2), vowel(900, 0.3)])
    first, second = word_bounds(phrase, [vowel(200, 0.4), vowel(900, 0.35)], rate)
    assert first == 0
    assert abs(second - 0.2 * rate) <= 0.03 * rate
