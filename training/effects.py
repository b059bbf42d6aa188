"""Sounds that are no speech: beeps, bells and knocks, and music, each one another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from training.clips import Clip, pack
from training.tasks import Kind, Utterance
from training.voices import SAMPLE_RATE, level, trim

Sound = npt.NDArray[np.float32]


def effects(seed: int, each: int) -> Iterator[Clip]:
    """`each` clips of every sound; `cue` says which."""
    rng = np.random.default_rng([seed, 40])
    for name in _MAKERS:
        for _ in range(each):
            samples = sound(rng, name)
            yield Clip(utterance=Utterance(kind=Kind.CHATTER, words="", cue=name), voice="effect", mel=pack(samples))


def sound(rng: np.random.Generator, name: str) -> Sound:
    """Samples at 16 kHz, trimmed, of any loudness. Raises KeyError for a name that is none of beep, bell, knock."""
    return level(trim(_MAKERS[name](rng).astype(np.float32)), float(rng.uniform(0.02, 0.1)))


def music(seed: int, count: int) -> Iterator[Clip]:
    """Five seconds of chords and a melody on an instrument that is drawn anew."""
    rng = np.random.default_rng([seed, 41])
    for _ in range(count):
        sound = np.zeros(5 * SAMPLE_RATE)
        beat = float(rng.uniform(0.2, 0.6))
        for start in np.arange(0, 4.8, beat):
            for hertz in 110 * 2 ** (rng.choice([0, 3, 5, 7, 10, 12, 15, 19, 24], rng.integers(1, 4)) / 12):
                note = _bell_at(rng, float(hertz), beat * 2)
                at = int(start * SAMPLE_RATE)
                sound[at : at + len(note)] += note[: len(sound) - at]
        yield Clip(
            utterance=Utterance(kind=Kind.CHATTER, words=""), voice="music", mel=pack(level(sound.astype(np.float32)))
        )


def _seconds(length_s: float) -> Sound:
    return np.arange(int(length_s * SAMPLE_RATE)) / SAMPLE_RATE


def _beep(rng: np.random.Generator) -> Sound:
    t = _seconds(float(rng.uniform(0.1, 0.7)))
    wave = np.sin(2 * np.pi * float(rng.uniform(400, 3000)) * t)
    wave = np.sign(wave) if rng.random() < 0.2 else wave
    tone = wave * np.minimum(1, np.minimum(t, t[::-1]) * 200)
    if rng.random() < 0.3:
        return np.concatenate([tone, np.zeros(int(rng.uniform(0.05, 0.15) * SAMPLE_RATE)), tone])
    return tone


def _bell(rng: np.random.Generator) -> Sound:
    return _bell_at(rng, float(rng.uniform(350, 1600)), float(rng.uniform(0.5, 1.6)))


def _bell_at(rng: np.random.Generator, hertz: float, length_s: float) -> Sound:
    t = _seconds(length_s)
    partials = np.array([1.0, 2.0, 2.7, 4.1, 5.4, 8.2]) * rng.uniform(0.97, 1.03, 6)
    loud = rng.uniform(0.2, 1.0, 6)
    fade = rng.uniform(3.5, 7.0) / length_s * (0.6 + 0.3 * np.arange(6))
    return sum(
        a * np.sin(2 * np.pi * hertz * p * t) * np.exp(-f * t) for p, a, f in zip(partials, loud, fade, strict=True)
    )


def _knock(rng: np.random.Generator) -> Sound:
    gap = int(rng.uniform(0.12, 0.24) * SAMPLE_RATE)
    count = int(rng.integers(2, 5))
    t = _seconds(0.1)
    body = np.sin(2 * np.pi * float(rng.uniform(120, 420)) * t) * np.exp(-t * float(rng.uniform(35, 80)))
    sound = np.zeros(gap * (count - 1) + len(t))
    for index in range(count):
        hit = body + 0.5 * rng.standard_normal(len(t)) * np.exp(-t * float(rng.uniform(60, 200)))
        sound[index * gap : index * gap + len(t)] += hit * rng.uniform(0.6, 1.0)
    return sound


_MAKERS = {"beep": _beep, "bell": _bell, "knock": _knock}
