"""What goes on while somebody waits: nothing, music, another voice, or the user's own chat. All of it asks nothing."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np

from evals.carriers import ASIDES, CHAT
from evals.engines.base import RATE, Samples
from evals.stage import Stage

Speak = Callable[[str], Samples]


class Filler(StrEnum):
    SILENCE = "silence"
    MUSIC = "music"
    OTHER = "other voice"
    CHAT = "chat"


def fill(
    rng: np.random.Generator, stage: Stage, filler: Filler, from_s: float, to_s: float, user: Speak, other: Speak
) -> None:
    """Fills [from_s, to_s] of the stage; never beyond it."""
    if filler is Filler.MUSIC and to_s - from_s > 1.0:
        stage.add(music(rng, to_s - from_s), from_s, gain_db=float(rng.uniform(-22, -10)))
    elif filler in (Filler.OTHER, Filler.CHAT):
        at = from_s + rng.uniform(0.3, 1.2)
        while True:
            own = filler is Filler.CHAT
            clip = (user if own else other)(_pick(rng, CHAT if own or rng.random() < 0.6 else ASIDES))
            if at + len(clip) / RATE > to_s:
                return
            at = stage.add(clip, at, gain_db=0.0 if own else float(rng.uniform(-12, -3))) + rng.uniform(0.4, 3.0)


def music(rng: np.random.Generator, seconds: float) -> Samples:
    """Plucked notes of a pentatonic scale over a soft bass; level of speech."""
    count = round(seconds * RATE)
    out = np.zeros(count, np.float32)
    root, beat = rng.uniform(110, 220), rng.uniform(0.24, 0.5)
    for index, start in enumerate(np.arange(0, seconds, beat)):
        steps = (0, 2, 4, 7, 9, 12, 14)
        notes = [root * 2 ** (int(rng.choice(steps)) / 12 + 1)]
        if index % 4 == 0:
            notes.append(root / 2 * 2 ** (int(rng.choice((0, 5, 7))) / 12))
        for hz in notes:
            length = min(count - round(start * RATE), round(1.5 * RATE))
            t = np.arange(length) / RATE
            pluck = sum(np.sin(2 * np.pi * hz * k * t) / k**1.5 for k in (1, 2, 3, 4)) * np.exp(-t / 0.35)
            out[round(start * RATE) : round(start * RATE) + length] += pluck.astype(np.float32)
    return (out * (0.06 / (np.sqrt(np.mean(out**2)) + 1e-9))).astype(np.float32)


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]
