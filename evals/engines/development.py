"""The voices of the development split: espeak-ng variants that are held out from training."""

from __future__ import annotations

import zlib

import numpy as np

from evals.engines.base import Samples, finish
from training.voices import HELD_OUT_VARIANTS, random_voice, synthesise


class HeldOutEspeak:
    """A variant keeps its accent, pace and pitch, drawn once by its name."""

    voices = HELD_OUT_VARIANTS
    licence = "GPL-3.0 (a program of its own)"
    speeds = (1.0,)

    def say(self, text: str, voice: str, speed: float) -> Samples:
        rng = np.random.default_rng(zlib.crc32(voice.encode()))
        return finish(synthesise(text, random_voice(rng, (voice,))), f"espeak:{voice}")
