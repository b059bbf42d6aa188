"""Who asks in which split, and one door to all engines: `speak("flite:slt", "hello")`, kept on disk once made."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from functools import cache
from pathlib import Path

import numpy as np

from evals.engines.base import Engine, Samples
from evals.engines.development import HeldOutEspeak
from evals.engines.festival import Diphone, Hts
from evals.engines.flite import Flite
from evals.engines.kokoro import HeldOutKokoro
from evals.engines.piper import Piper
from evals.engines.recorded import People

CLIPS = Path("build/evals/clips")


class Split(StrEnum):
    DEV = "dev"
    TEST = "test"


@cache
def engines() -> dict[str, Engine]:
    return {
        "flite": Flite(),
        "festival": Diphone(),
        "hts": Hts(),
        "piper": Piper(),
        "human": People(),
        "espeak": HeldOutEspeak(),
        "kokoro": HeldOutKokoro(),
    }


# Piper thrice: one voice, but the only neural one, and as many items as an engine of several voices has.
TEST_VOICES = (
    *("flite:slt", "piper:joe", "festival:ked_diphone", "flite:rms", "hts:cmu_us_slt_arctic_hts", "piper:joe"),
    *("flite:awb", "festival:kal_diphone", "piper:joe", "flite:kal16"),
)
ASKING_PERSON = "human:allison"
PEOPLE_NEARBY = ("human:allison", "human:librivox")
# One variant, one style, in turn: the neural styles are nearer to what the test speaks with.
DEV_VOICES = tuple(
    voice
    for index, variant in enumerate(HeldOutEspeak.voices)
    for voice in (
        f"espeak:{variant}",
        f"kokoro:{HeldOutKokoro.voices[index % len(HeldOutKokoro.voices)]}",
    )
)


def voices(split: Split) -> tuple[str, ...]:
    return TEST_VOICES if split is Split.TEST else DEV_VOICES


def speeds(voice: str) -> tuple[float, ...]:
    return engines()[voice.split(":")[0]].speeds


def speak(voice: str, text: str, speed: float = 1.0) -> Samples:
    """Raises KeyError for an unknown engine, ConfigError for one that is not installed."""
    name = hashlib.sha256(f"{voice}|{speed}|{text}".encode()).hexdigest()[:24]
    path = CLIPS / f"{name}.npy"
    if path.exists():
        return np.load(path)
    engine, _, own = voice.partition(":")
    samples = engines()[engine].say(text, own, speed)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{id(samples)}.part.npy")
    np.save(part, samples)
    part.rename(path)
    return samples
