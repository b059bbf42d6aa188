"""What training is made of, and what it must never contain."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from training import tasks, views, vocab
from training.clips import Clip
from training.manifest import MANIFEST
from training.mixing import Room, render
from training.script import Pool, Script
from training.tasks import Kind, Utterance
from training.timeline import Timeline
from training.views import Cut
from training.voices import HELD_OUT_STYLES, HELD_OUT_VARIANTS, OUTPUT_STYLE

TRAINING = Path(tasks.__file__).parent


def clip(words: str, frames: int = 50, **asked: object) -> Clip:
    utterance = Utterance(**{"kind": Kind.CHATTER, "words": words, **asked})
    return Clip(utterance=utterance, voice="test", mel=np.full((frames, 40), 100, np.uint8))


@pytest.fixture
def pool() -> Pool:
    rng, pool = np.random.default_rng(0), Pool()
    for kind in (Kind.EVERY, Kind.IN, Kind.CUE):
        for _ in range(20):
            asked = tasks.request(rng, kind)
            fields = {"kind": kind, "say": asked.say, "tenths": asked.tenths, "cue": asked.cue}
            pool.add(clip(asked.words, 80, **fields))
    for word in vocab.CUES:
        pool.add(clip(f"the {word}", 30))
    pool.add(clip("stop", 20, kind=Kind.STOP))
    return pool


def test_the_manifest_holds_no_held_out_voice_phrase_or_interval() -> None:
    manifest = json.loads(MANIFEST.read_text())
    assert not set(manifest["espeak_variants"]) & set(HELD_OUT_VARIANTS)
    assert not set(manifest["kokoro_styles"]) & {*HELD_OUT_STYLES, OUTPUT_STYLE}
    assert not set(manifest["phrases"]) & set(vocab.HELD_OUT_PHRASES)
    assert not set(manifest["intervals_tenths"]["every"]) & set(vocab.HELD_OUT_PERIODS)
    assert not set(manifest["intervals_tenths"]["in"]) & set(vocab.HELD_OUT_TENTHS)


def test_the_test_engines_are_never_used_in_training() -> None:
    banned = re.compile(r"\b(flite|festival|piper|librispeech|common_?voice)\b", re.IGNORECASE)
    for path in TRAINING.glob("*.py"):
        assert not banned.search(path.read_text()), path.name


def test_every_word_of_a_held_out_phrase_occurs_in_a_trained_one() -> None:
    trained = {word for phrase in vocab.TRAINED_PHRASES for word in phrase.split()}
    assert {word for phrase in vocab.HELD_OUT_PHRASES for word in phrase.split()} <= trained
    assert not set(vocab.TRAINED_PHRASES) & set(vocab.HELD_OUT_PHRASES)


def test_random_requests_stay_within_the_trained_phrases_and_periods() -> None:
    rng = np.random.default_rng(1)
    for _ in range(500):
        asked = tasks.request(rng, Kind.EVERY)
        assert asked.say not in vocab.HELD_OUT_PHRASES
        assert asked.tenths not in vocab.HELD_OUT_PERIODS
        assert tasks.parse(asked.words) == asked


def test_parsing_inverts_every_template_of_a_cue_request() -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        asked = tasks.request(rng, Kind.CUE)
        assert tasks.parse(asked.words) == asked


def test_a_period_is_answered_at_its_own_pace_until_the_stop() -> None:
    line = Timeline(200)
    line.hear(clip("x", kind=Kind.EVERY, say="drink tea", tenths=25), start=0, frames=50)  # ends at 1.0 s
    line.hear(clip("stop", kind=Kind.STOP), start=800, frames=20)  # ends at 16.4 s
    keep, release = vocab.encode(vocab.KEEP), vocab.encode(vocab.RELEASE)
    assert line.out[6] == keep  # 1.0 s and 300 ms of silence
    assert line.out[83] == release
    said = [k for k, ids in sorted(line.out.items()) if ids == vocab.encode("drink tea")]
    assert said == [16, 28, 41, 53, 66, 78]


def test_a_one_shot_is_answered_once_and_released_with_it() -> None:
    line = Timeline(100)
    line.hear(clip("x", kind=Kind.IN, say="hello", tenths=30), start=0, frames=50)
    assert line.out[6 - 3 + 15] == vocab.encode("hello") + vocab.encode(vocab.RELEASE)


def test_only_the_active_cue_word_is_answered() -> None:
    line = Timeline(200)
    line.hear(clip("the tiger", 30), start=0, frames=30)
    line.hear(clip("x", kind=Kind.CUE, say="hello", cue="tiger"), start=50, frames=50)
    line.hear(clip("the banana", 30), start=200, frames=30)
    end = line.hear(clip("the tiger", 30), start=300, frames=30)
    answers = [k for k, ids in line.out.items() if ids == vocab.encode("hello")]
    assert answers == [(end * 20 + 100) // 200]


def test_positions_of_a_view_are_a_clock() -> None:
    line = Timeline(4, prefix=(7, 8))
    line.out[1] = (9,)
    line.finish()
    codes = np.arange(40 * 40, dtype=np.int64).reshape(40, 40).astype(np.uint8)
    row = views.view(line, codes, Cut(pins=(), start=0, stop=4), 100, frozenset())
    assert row.positions_T.tolist() == [0, 1, 16, 17, 18, 32, 33, 34, 35, 48, 49, 50, 64, 65, 66]
    assert row.targets_T.tolist()[2:9] == [-100, 0, -100, -100, 9, 0, -100]
    assert (row.frames_ALC[0, :5] == 0).all()
    assert (row.frames_ALC[2] == codes[5:15]).all()
    assert (row.frames_ALC[3] == codes[10:20]).all()


def test_pins_come_first_keep_their_own_time_and_have_no_targets() -> None:
    line = Timeline(100)
    line.finish()
    codes = np.zeros((1000, 40), np.uint8)
    row = views.view(line, codes, Cut(pins=(3, 4), start=50, stop=52, k_offset=1000), 100, frozenset())
    assert row.elapsed_A.tolist() == [1003, 1003, 1004, 1004, 1050, 1050, 1051, 1051]
    assert (row.targets_T[:6] == -100).all()
    assert row.positions_T[6] == 32


def test_random_conversations_render_to_the_length_they_promise(pool: Pool) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        line = Script(rng, pool, 200).write()
        assert render(rng, line, Room()).shape == (2000, 40)
        assert all(0 <= k < 200 for k in line.out)
        assert all(len(ids) <= 4 for ids in line.out.values())


def test_what_a_mute_micro_turn_owed_is_said_in_the_next_one() -> None:
    line = Timeline(50)
    line.out[10] = (5,)
    mute = views.coalesce(np.random.default_rng(0), line, 1.0)
    assert 10 not in mute or line.out == {11: (5,)}


def test_an_answer_forced_late_is_learned_and_one_forced_early_is_only_seen() -> None:
    late, early = Timeline(50), Timeline(50)
    late.out[10], early.out[10] = (20,), (20,)
    rng = np.random.default_rng(0)
    assert views.mistime(rng, late, early=0.0, late=1.0) == {10}
    assert late.out == {11: (20,)}
    assert views.mistime(rng, early, early=1.0, late=0.0) == {9}
    assert early.out == {9: (20,)}
