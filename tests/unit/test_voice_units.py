from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cluster.errors import ConfigError
from cluster.voice import Unit, Voice
from cluster.voice.units import INDEX, SOUND
from training.voice_units import FADE, finish, words_of, write_inventory

SHIPPED = Path("models/voice")
RATE = 24_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_inventory(tmp_path, [recorded("door", 3000), recorded("open", 3500), recorded("open door", 5000, 2400)])
    return tmp_path


def recorded(text: str, length: int, *inner: int) -> Unit:
    sound = np.random.default_rng(length).integers(-9000, 9000, length).astype(np.int16)
    return Unit(words=tuple(text.split()), sound=sound, starts=(0, *inner))


def test_an_inventory_is_read_as_it_was_written(folder: Path) -> None:
    units = Voice(folder).units
    assert (units.sample_rate, units.fade) == (RATE, FADE)
    phrase = units.by_words["open", "door"]
    assert phrase.starts == (0, 2400)
    assert np.array_equal(phrase.sound, recorded("open door", 5000).sound)


def test_sessions_share_one_inventory(folder: Path) -> None:
    assert Voice(folder).units is Voice(folder).units


def test_a_checkpoint_whose_words_have_units_may_start(folder: Path) -> None:
    Voice(folder).require(("<sil>", "<keep>", "open", "door"))


def test_every_word_without_a_unit_is_named_at_start_up(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"no unit for 2 words of the checkpoint: soup, tea; rebuild"):
        Voice(folder).require(("<sil>", "tea", "open", "soup"))


def test_a_folder_without_units_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"serve\.voice"):
        Voice(tmp_path / "nowhere").require(())


def test_sound_and_index_of_different_builds_are_refused(folder: Path) -> None:
    index = json.loads((folder / INDEX).read_text())
    (folder / INDEX).write_text(json.dumps({**index, "samples": 1}))
    with pytest.raises(ConfigError, match="restore both"):
        Voice(folder).require(())


def test_a_damaged_sound_file_is_a_configuration_error(folder: Path) -> None:
    (folder / SOUND).write_bytes(b"not flac at all" * 10)
    with pytest.raises(ConfigError, match="no readable units"):
        Voice(folder).require(())


def test_a_unit_starts_and_ends_in_silence_and_has_the_common_level() -> None:
    tone = np.sin(np.arange(RATE // 2, dtype=np.float32) * 0.1)
    quiet, loud = (np.concatenate([np.zeros(RATE // 4), gain * tone, np.zeros(RATE // 3)]) for gain in (0.01, 0.9))
    for pcm in (quiet.astype(np.float32), loud.astype(np.float32)):
        unit = finish(pcm)
        assert unit[0] == unit[-1] == 0
        assert RATE // 2 < len(unit) < RATE // 2 + RATE // 20
        assert abs(np.sqrt(np.mean((unit / 32767) ** 2)) - 0.09) < 0.01


def test_a_synthesiser_that_gave_silence_is_an_error() -> None:
    with pytest.raises(ValueError, match="no sound"):
        finish(np.zeros(RATE, np.float32))


def test_the_words_of_a_tokenizer_are_those_that_can_be_spoken(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps({"model": {"vocab": {"<sil>": 0, "tea": 2, "open": 1}}}))
    assert words_of(path) == ["open", "tea"]


def test_the_shipped_voice_speaks_every_word_of_the_training_vocabulary() -> None:
    from training.vocab import WORDS

    voice = Voice(SHIPPED)
    voice.require(WORDS)
    for unit in voice.units.by_words.values():
        assert 0.1 < len(unit.sound) / voice.sample_rate < 0.8 * len(unit.words) + 0.2
        assert list(unit.starts) == sorted(set(unit.starts))
