"""One input track being put together: clips at exact samples, then room, level and noise. N samples at 16 kHz."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from evals.engines.base import RATE, Samples

_SPEECH_RMS = 0.06  # what every clip is levelled to


class Stage:
    def __init__(self, seconds: float) -> None:
        self.samples_N: Samples = np.zeros(round(seconds * RATE), np.float32)

    @property
    def seconds(self) -> float:
        return len(self.samples_N) / RATE

    def add(self, clip: Samples, at_s: float, gain_db: float = 0.0) -> float:
        """Adds a clip; returns the media time of its end, exact to the sample. The track grows as needed."""
        start = round(at_s * RATE)
        end = start + len(clip)
        if end > len(self.samples_N):
            self.samples_N = np.concatenate([self.samples_N, np.zeros(end - len(self.samples_N), np.float32)])
        self.samples_N[start:end] += clip * np.float32(10 ** (gain_db / 20))
        return end / RATE

    def cut(self, seconds: float) -> None:
        """Makes the track exactly this long."""
        count = round(seconds * RATE)
        have = len(self.samples_N)
        padded = np.concatenate([self.samples_N, np.zeros(max(0, count - have), np.float32)])
        self.samples_N = padded[:count]


def disturb(rng: np.random.Generator, samples_N: Samples, snr_db: float, echo: bool, gain_db: float) -> Samples:
    """A room's early reflections, coloured noise `snr_db` under the level of speech, and a microphone's gain."""
    out = samples_N.copy()
    if echo:
        for _ in range(5):
            delay, gain = int(rng.uniform(0.011, 0.09) * RATE), rng.uniform(0.05, 0.28)
            out[delay:] += samples_N[:-delay] * np.float32(gain)
    noise = coloured(rng, len(out)) * np.float32(_SPEECH_RMS * 10 ** (-snr_db / 20))
    return np.clip((out + noise) * np.float32(10 ** (gain_db / 20)), -1, 1).astype(np.float32)


def coloured(rng: np.random.Generator, count: int) -> Samples:
    """Noise of level 1 whose spectrum falls with a random slope and swells slowly."""
    size = 1 << (max(count, 2) - 1).bit_length()
    spectrum = np.fft.rfft(rng.standard_normal(size))
    slope = rng.uniform(0.0, 0.9)
    spectrum *= 1 / (np.arange(len(spectrum)) + 200.0) ** slope
    noise = np.fft.irfft(spectrum)[:count]
    swell = np.interp(np.arange(count), np.arange(count // RATE + 2) * RATE, rng.uniform(0.7, 1.4, count // RATE + 2))
    noise *= swell
    return (noise / (np.sqrt(np.mean(noise**2)) + 1e-12)).astype(np.float32)


def write(path: Path, samples_N: Samples) -> None:
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes(np.round(samples_N * 32767).astype("<i2").tobytes())


def read(path: Path) -> Samples:
    """Samples of a file that `write` made."""
    with wave.open(str(path)) as wav:
        return np.frombuffer(wav.readframes(wav.getnframes()), "<i2").astype(np.float32) / 32768
