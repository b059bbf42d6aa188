"""What every engine is: text to float32 samples at 16 kHz, trimmed, so that the last sample ends the last word."""

from __future__ import annotations

import io
import wave
from typing import Protocol

import numpy as np
import numpy.typing as npt
import soxr

from cluster.errors import ConfigError

RATE = 16_000
Samples = npt.NDArray[np.float32]


class Engine(Protocol):
    """speeds: those the engine can speak at without changing its pitch; 1.0 is its own."""

    voices: tuple[str, ...]
    licence: str
    speeds: tuple[float, ...]

    def say(self, text: str, voice: str, speed: float) -> Samples:
        """Raises ConfigError naming the engine when it is not installed or gave no sound."""
        ...


def from_wav(data: bytes, engine: str) -> Samples:
    """A 16 bit wav of any rate as trimmed, level-matched samples."""
    if not data:
        raise ConfigError(engine, "gave no sound")
    with wave.open(io.BytesIO(data)) as wav:
        rate, channels = wav.getframerate(), wav.getnchannels()
        pcm = np.frombuffer(wav.readframes(wav.getnframes()), "<i2").astype(np.float32) / 32768
    mono = pcm.reshape(-1, channels)[:, 0]
    return finish(soxr.resample(mono, rate, RATE) if rate != RATE else mono, engine)


def finish(samples: Samples, engine: str) -> Samples:
    done = level(trim(samples))
    if not len(done):
        raise ConfigError(engine, "gave only silence")
    return done


def trim(samples: Samples, below_peak: float = 0.01) -> Samples:
    """Cuts what is 40 dB under the peak from both ends."""
    loud = np.flatnonzero(np.abs(samples) > below_peak * np.abs(samples).max(initial=1e-9))
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]


def level(samples: Samples, rms: float = 0.06) -> Samples:
    return (samples * (rms / (np.sqrt(np.mean(samples**2)) + 1e-9))).astype(np.float32) if len(samples) else samples
