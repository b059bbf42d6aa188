"""Beeps, bells and knocks, each at most 0.45 s long. Their parameters are those of evaluation only."""

from __future__ import annotations

import numpy as np

from evals.engines.base import RATE, Samples, level, trim

SOUNDS = ("beep", "bell", "knock")
LONGEST_S = 0.45


def sound(rng: np.random.Generator, kind: str) -> Samples:
    """Levelled like speech and trimmed, so that the last sample ends the sound. Raises KeyError for an unknown kind."""
    made = {"beep": _beep, "bell": _bell, "knock": _knock}[kind](rng)
    return level(trim(made.astype(np.float32), below_peak=0.02))


def _beep(rng: np.random.Generator) -> np.ndarray:
    """A tone with its third harmonic, or two tones one after the other."""
    seconds = float(rng.uniform(0.16, 0.4))
    t = np.arange(round(seconds * RATE)) / RATE
    hz = float(rng.choice((730, 915, 1230, 1490, 1870, 2330)))
    if rng.random() < 0.4:
        hz = np.where(t < seconds / 2, hz, hz * float(rng.choice((0.8, 1.26, 1.5))))
    tone = np.sin(2 * np.pi * hz * t) + float(rng.uniform(0.0, 0.3)) * np.sin(6 * np.pi * hz * t)
    edge = np.minimum(1, np.minimum(t, seconds - t) / 0.008)
    return tone * edge


def _bell(rng: np.random.Generator) -> np.ndarray:
    """The partials of a small bell, damped by hand before they have rung out."""
    t = np.arange(round(LONGEST_S * RATE)) / RATE
    base = float(rng.uniform(640, 1150))
    partials = ((1.0, 1.0), (2.0, 0.7), (2.76, 0.5), (5.4, 0.25), (8.93, 0.1))
    ring = sum(a * np.sin(2 * np.pi * base * k * t) * np.exp(-t * (5 + 2 * k)) for k, a in partials if base * k < 7800)
    return ring * np.minimum(1, (LONGEST_S - t) / 0.05)


def _knock(rng: np.random.Generator) -> np.ndarray:
    """Two or three knuckles on wood."""
    out = np.zeros(round(LONGEST_S * RATE))
    gap = float(rng.uniform(0.13, 0.17))
    for index in range(int(rng.integers(2, 4))):
        t = np.arange(round(0.07 * RATE)) / RATE
        body = np.sin(2 * np.pi * float(rng.uniform(170, 340)) * t) * np.exp(-t / 0.016)
        click = rng.standard_normal(len(t)) * np.exp(-t / 0.004) * 0.5
        start = round(index * gap * RATE)
        room = out[start : start + len(t)]
        room += (body + click)[: len(room)] * float(rng.uniform(0.8, 1.0))
    return out
