"""GnuSpeech clips: an articulatory synthesiser, another engine than espeak-ng, with a throat of any length.

The program and its English data come from the npm package @echogarden/gnuspeech-wasm (GPL-3.0) and run in node, in a
process of their own. Made offline; nothing of it is shipped.

    python -m training.gnuspeech --shards 4
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tarfile
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from cluster.media.dmel import from_s16
from training.clips import Clip, build_shards, pack, random_utterance
from training.voices import SAMPLE_RATE, level, trim
from training.wide import utterance as wide_utterance

HOME = Path("build/gnuspeech")
PACKAGE = "@echogarden/gnuspeech-wasm@0.3.0"
SPEAKER = Path(__file__).with_suffix(".mjs")
FIRST_SHARD = 800
_BATCH = 100


def fetch(home: Path = HOME) -> Path:
    """The unpacked package. Raises CalledProcessError if npm fails."""
    if not (home / "package").exists():
        home.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=home, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(home.glob("*.tgz"))) as archive:
            archive.extractall(home, filter="data")
    return home / "package"


def random_speaker(rng: np.random.Generator, package: Path) -> dict[str, str]:
    """A throat, a glottis and a manner: from 11.5 cm (a child) to 18.5 cm (a tall man), the shorter the higher."""
    length = float(rng.uniform(11.5, 18.5))
    voice = {
        "vocal_tract_length": length,
        "reference_glottal_pitch": -12.0 + (17.5 - length) * 3.2 + float(rng.uniform(-4, 4)),
        "breathiness": float(rng.uniform(0.3, 6.0)) if rng.random() < 0.85 else 40.0,
        "glottal_pulse_tp": float(rng.uniform(30, 48)),
        "glottal_pulse_tn_min": float(rng.uniform(14, 24)),
        "aperture_radius": float(rng.uniform(2.5, 3.4)),
    }
    control = {"tempo": float(rng.uniform(0.8, 1.35)), "tonic_range": float(rng.uniform(-10, 0))}
    control["drift_deviation"] = float(rng.uniform(0.2, 1.5))
    data = package / "data" / "en"
    return {
        "voice": _set((data / "voice_male.txt").read_text(), voice),
        "control": _set((data / "trm_control_model.txt").read_text(), control),
    }


def _set(text: str, values: dict[str, float]) -> str:
    for name, value in values.items():
        text = re.sub(rf"^{name} = .*$", f"{name} = {value:.2f}", text, flags=re.MULTILINE)
    return text


def clips(seed: int, count: int, package: Path) -> Iterator[Clip]:
    rng = np.random.default_rng([20261127, 7, seed])
    for start in range(0, count, _BATCH):
        plan = [
            wide_utterance(rng) if rng.random() < 0.3 else random_utterance(rng)
            for _ in range(min(_BATCH, count - start))
        ]
        with tempfile.TemporaryDirectory() as folder:
            lines = [
                json.dumps({"words": asked.words + ".", "file": f"{folder}/{i}.wav", **random_speaker(rng, package)})
                for i, asked in enumerate(plan)
            ]
            subprocess.run(
                ["node", str(SPEAKER), str(package.resolve())],
                input="\n".join(lines).encode(),
                check=True,
                stdout=subprocess.DEVNULL,
            )
            for index, asked in enumerate(plan):
                sound = _read(Path(folder) / f"{index}.wav")
                if len(sound) > SAMPLE_RATE // 10:
                    yield Clip(utterance=asked, voice="gnuspeech", mel=pack(sound))


def _read(path: Path) -> npt.NDArray[np.float32]:
    with wave.open(str(path)) as wav:
        samples, rate = from_s16(wav.readframes(wav.getnframes())), wav.getframerate()
        samples = samples[:: wav.getnchannels()]
    return level(trim(soxr.resample(samples, rate, SAMPLE_RATE).astype(np.float32)))


def build(out: Path, shards: int, count: int) -> None:
    package = fetch()
    numbers = range(FIRST_SHARD, FIRST_SHARD + shards)
    build_shards(out, numbers, lambda number: clips(number - FIRST_SHARD, count, package))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, default=12)
    parser.add_argument("--clips", type=int, default=250)
    parser.add_argument("--out", type=Path, default=Path("build/clips/espeak"))
    args = parser.parse_args()
    build(args.out, args.shards, args.clips)


if __name__ == "__main__":
    main()
