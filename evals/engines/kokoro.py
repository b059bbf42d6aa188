"""The neural voices of the development split: styles of Kokoro-82M that no training clip is spoken in.

Needs the extra `voicebuild` and the model that `python -m training.kokoro fetch` brings (`make eval-tools` does both).
"""

from __future__ import annotations

import importlib.util
import threading

from cluster.errors import ConfigError
from evals.engines.base import RATE, Samples, finish
from training.kokoro import HOME, Kokoro
from training.voices import HELD_OUT_STYLES


class HeldOutKokoro:
    voices = HELD_OUT_STYLES
    licence = "weights Apache-2.0, phonemes by espeak-ng (GPL-3.0, a program of its own)"
    speeds = (0.85, 1.0, 1.15)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: Kokoro | None = None

    def say(self, text: str, voice: str, speed: float) -> Samples:
        with self._lock:
            return finish(self._kokoro().synthesise(text, voice, speed, RATE), f"kokoro:{voice}")

    def _kokoro(self) -> Kokoro:
        if importlib.util.find_spec("onnxruntime") is None or not (HOME / "vocab.json").exists():
            raise ConfigError("kokoro", "is not installed; `make eval-tools` brings it")
        if self._loaded is None:
            self._loaded = Kokoro()
        return self._loaded
