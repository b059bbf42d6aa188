"""RHVoice clips: two recorded American speakers, as hidden Markov models of them.

The program and the voices bdl and clb (LGPL-2.1-or-later) are Debian's packages `rhvoice` and `rhvoice-english`,
in its component non-free; they run in a process of their own. Made offline; nothing of it is shipped. The package's
other voices are left out: slt and, by all that is told of it, alan (Alan Black, there called awb) are speakers of the
test engines too; evgeniy-eng and lyubov are not for commercial use.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from cluster.media.dmel import from_s16
from training.clips import Clip, build_shards, pack
from training.voices import SAMPLE_RATE, level, trim
from training.wide import varied

PROGRAM = "RHVoice-test"
VOICES = ("bdl", "clb")
FIRST_SHARD = 840


def say(text: str, voice: str, rate: int, pitch: int, tract: float) -> npt.NDArray[np.float32]:
    """Samples at 16 kHz. rate, pitch: per cent of the voice's own; tract: as in `voices.spoken`.

    Raises FileNotFoundError where the program is missing, with how to get it.
    """
    if shutil.which(PROGRAM) is None:
        packages = "rhvoice rhvoice-english (component non-free)"
        raise FileNotFoundError(f"{PROGRAM}: not installed; apt-get install {packages}")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "say.wav"
        command = [PROGRAM, "-p", voice, "-r", str(rate), "-t", str(pitch), "-o", str(out)]
        subprocess.run(command, input=text.encode(), check=True, capture_output=True)
        with wave.open(str(out)) as wav:
            samples, own_rate = from_s16(wav.readframes(wav.getnframes())), wav.getframerate()
    return level(trim(soxr.resample(samples, own_rate * tract, SAMPLE_RATE).astype(np.float32)))


def clips(seed: int, count: int, workers: int = 2) -> Iterator[Clip]:
    """The same for the same seed."""
    rng = np.random.default_rng([20261127, 9, seed])
    plan = [
        (
            varied(rng),
            str(rng.choice(VOICES)),
            int(rng.integers(75, 135)),
            int(rng.integers(75, 130)),
            float(rng.uniform(0.84, 1.2)),
        )
        for _ in range(count)
    ]
    with ThreadPoolExecutor(workers) as pool:
        sounds = pool.map(lambda item: say(item[0].words + ".", *item[1:]), plan)
        for (asked, voice, *_), sound in zip(plan, sounds, strict=True):
            yield Clip(utterance=asked, voice=f"rhvoice:{voice}", mel=pack(sound))


def build(out: Path, shards: int, count: int) -> None:
    build_shards(out, range(FIRST_SHARD, FIRST_SHARD + shards), lambda number: clips(number, count))
