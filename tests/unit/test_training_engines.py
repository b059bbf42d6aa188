"""Voices of the small engines that training hears beside espeak-ng."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from evals.engines.voices import TEST_VOICES
from training import pico, rhvoice, wide
from training.manifest import MANIFEST
from training.tasks import SIGHTS, Kind
from training.train import WIDE

# Who is heard in a voice, where voices of several engines are of one person. RHVoice's alan is Alan Black, by all that
# is told of it.
SPEAKERS = {"cmu_us_slt_arctic_hts": "slt", "alan": "awb", "kal16": "kal", "kal_diphone": "kal", "ked_diphone": "ked"}


def test_no_speaker_of_the_test_speaks_in_training_by_another_engine() -> None:
    theirs = {SPEAKERS.get(voice.split(":")[1], voice.split(":")[1]) for voice in TEST_VOICES}
    assert {"slt", "awb", "rms", "kal", "ked", "joe"} == theirs
    assert not theirs & {SPEAKERS.get(voice, voice) for voice in rhvoice.VOICES}
    trained = json.loads(MANIFEST.read_text())
    assert not {voice for voice in trained.get("other_voices", ()) if voice.partition(":")[2] in ("slt", "alan")}


def test_a_missing_program_is_named_with_the_packages_that_bring_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="RHVoice-test: not installed; apt-get install rhvoice rhvoice-english"):
        rhvoice.say("hello", "alan", 100, 100, 1.0)


def test_few_voices_say_requests_also_about_the_camera_and_words_in_any_order() -> None:
    rng = np.random.default_rng(0)
    said = [wide.varied(rng) for _ in range(2000)]
    kinds = Counter(each.kind for each in said)
    assert {Kind.EVERY, Kind.IN, Kind.CUE, Kind.ASK, *SIGHTS} <= set(kinds)
    assert 0.25 < kinds[Kind.CHATTER] / len(said) < 0.5


def test_runs_of_any_words_are_told_from_conversation_by_the_number_of_their_shard() -> None:
    """What asks for something by chance is never played as talk that asks for nothing."""
    assert min(pico.FIRST_SHARD, rhvoice.FIRST_SHARD) >= WIDE
    assert rhvoice.FIRST_SHARD - pico.FIRST_SHARD >= 10
