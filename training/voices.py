"""The espeak-ng voices: which are trained, which are held out, and how one clip is synthesised (in its own process)."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr

from training.vocab import words_of

SAMPLE_RATE = 16000
_ESPEAK_RATE = 22050
_WAV_HEADER = 44

ACCENTS = words_of("en-us en-gb en-gb-x-rp en-gb-scotland en-gb-x-gbcwmd en-gb-x-gbclan en-029 en-us-nyc")
VARIANTS = words_of(
    "Alex Alicia Andrea Andy Annie AnxiousAndy Denis Diogo Gene Henrique Hugo Jacky Lee Mario Mike Nguyen Storm "
    "Tweaky adam anika antonio aunty belinda benjamin boris caleb david edward edward2 f1 f3 f4 f5 fast grandma "
    "gustave iven iven2 iven4 john kaukovalta klatt klatt3 klatt4 klatt5 klatt6 linda m1 m2 m4 m5 m6 m7 m8 max "
    "michel miguel norbert pablo paul pedro quincy rob robert sandro shelby steph2 steph3 travis victor zac"
)
HELD_OUT_VARIANTS = words_of("Michael Gene2 Marco ed f2 grandpa iven3 klatt2 m3 marcelo")
# Styles of the neural voice that may ask only in evaluation. The output voice never asks at all.
HELD_OUT_STYLES = ("af_nicole", "am_michael", "bf_emma", "bm_george")
OUTPUT_STYLE = "af_heart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """An espeak-ng voice with one setting. rate: words a minute; pitch: 0..99."""

    accent: str
    variant: str
    rate: int
    pitch: int


def random_voice(rng: np.random.Generator, variants: tuple[str, ...]) -> Voice:
    return Voice(
        accent=str(rng.choice(ACCENTS)),
        variant=str(rng.choice(variants)),
        rate=int(rng.integers(125, 200)),
        pitch=int(rng.integers(20, 80)),
    )


def wide_voice(rng: np.random.Generator, variants: tuple[str, ...]) -> tuple[Voice, float]:
    """Any rate and pitch, and a factor for the vocal tract and all that goes with it (`spoken`)."""
    voice = Voice(
        accent=str(rng.choice(ACCENTS)),
        variant=str(rng.choice(variants)),
        rate=int(rng.integers(110, 230)),
        pitch=int(rng.integers(8, 92)),
    )
    return voice, float(rng.uniform(0.84, 1.2))


def spoken(words: str, who: Voice, tract: float) -> npt.NDArray[np.float32]:
    """As `synthesise`, played faster or slower by `tract`: pitch and formants together."""
    return level(soxr.resample(synthesise(words, who), SAMPLE_RATE * tract, SAMPLE_RATE).astype(np.float32))


def synthesise(text: str, voice: Voice) -> npt.NDArray[np.float32]:
    """Mono samples at 16 kHz, trimmed and level-matched. Raises ValueError when espeak-ng knows no such voice."""
    command = ["espeak-ng", "-v", f"{voice.accent}+{voice.variant}", "-s", str(voice.rate), "-p", str(voice.pitch)]
    wav = subprocess.run([*command, "--stdout", text], check=True, capture_output=True).stdout
    if len(wav) <= _WAV_HEADER:
        raise ValueError(f"voice: espeak-ng gave no sound for {voice}; is the variant installed?")
    samples = np.frombuffer(wav[_WAV_HEADER:], dtype="<i2").astype(np.float32) / 32768
    return level(trim(soxr.resample(samples, _ESPEAK_RATE, SAMPLE_RATE)))


def trim(samples: npt.NDArray[np.float32], below_peak: float = 0.01) -> npt.NDArray[np.float32]:
    """Cuts what is 40 dB under the peak from both ends, so that the last sample is the end of the last word."""
    loud = np.flatnonzero(np.abs(samples) > below_peak * np.abs(samples).max(initial=1e-9))
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]


def level(samples: npt.NDArray[np.float32], rms: float = 0.06) -> npt.NDArray[np.float32]:
    return (samples * (rms / (np.sqrt(np.mean(samples**2)) + 1e-9))).astype(np.float32) if len(samples) else samples
