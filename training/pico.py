"""SVOX Pico clips: two recorded speakers (American, British), as statistical models of them.

The program and its voices are the package `ttspico` (Apache-2.0), in the extra `trainvoices`. Made offline; nothing of
it is shipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr

from cluster.media.dmel import from_s16
from training.clips import Clip, build_shards, pack
from training.voices import SAMPLE_RATE, level, trim
from training.wide import varied

FIRST_SHARD = 820
_LANGUAGES = ("en-US", "en-GB")
_CHUNK = 200


def clips(seed: int, count: int) -> Iterator[Clip]:
    """The same for the same seed; each clip has a rate, a pitch and a throat of its own."""
    from ttspico import TtsEngine  # only in the extra `trainvoices`

    rng = np.random.default_rng([20261127, 8, seed])
    for start in range(0, count, _CHUNK):
        # the engine keeps a little memory of each text: a new one now and then
        engines = {language: TtsEngine(language) for language in _LANGUAGES}
        for _ in range(min(_CHUNK, count - start)):
            asked, language = varied(rng), str(rng.choice(_LANGUAGES))
            engine = engines[language]
            engine.rate, engine.pitch = int(rng.integers(72, 135)), int(rng.integers(65, 135))
            tract = float(rng.uniform(0.84, 1.2))
            sound = from_s16(engine.speak(asked.words + "."))
            sound = soxr.resample(sound, SAMPLE_RATE * tract, SAMPLE_RATE).astype(np.float32)
            yield Clip(utterance=asked, voice=f"pico:{language}", mel=pack(level(trim(sound))))


def build(out: Path, shards: int, count: int) -> None:
    build_shards(out, range(FIRST_SHARD, FIRST_SHARD + shards), lambda number: clips(number, count))
