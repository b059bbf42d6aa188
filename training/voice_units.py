"""Renders the voice: one unit per word a checkpoint may speak, trimmed, levelled, in one FLAC file with an index.

python -m training.voice_units --tokenizer models/counterpoint-micro/tokenizer.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from cluster.voice.units import INDEX, SOUND, is_spoken
from training.kokoro import RATE, Kokoro, fetch
from training.voices import OUTPUT_STYLE

FADE = RATE * 20 // 1000
LEVEL_RMS = 0.09  # of the voiced part; words of one sentence differ by less than this evens out
PEAK = 0.85
FLOOR_DB = 36.0  # below the loudest frame: the release of a plosive is kept, the room is not
SPEED = 0.95


def render(kokoro: Kokoro, word: str) -> npt.NDArray[np.int16]:
    """[S] int16 at 24 kHz. Raises ValueError where the synthesiser gave no sound."""
    return finish(kokoro.synthesise(word, OUTPUT_STYLE, SPEED))


def finish(pcm_S: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
    """Trims silence by 5 ms frames, matches the level of the loud part, fades both ends by half the overlap."""
    hop = RATE // 200
    power_F = (pcm_S[: len(pcm_S) // hop * hop].reshape(-1, hop) ** 2).mean(axis=1)
    if not power_F.max(initial=0.0) > 1e-8:
        raise ValueError("text: the synthesiser gave no sound")
    loud = np.flatnonzero(power_F > power_F.max() * 10 ** (-FLOOR_DB / 10))
    cut_S = pcm_S[max(0, loud[0] - 3) * hop : (loud[-1] + 5) * hop].copy()
    voiced_rms = float(np.sqrt(np.mean(power_F[power_F > power_F.max() * 0.05])))
    cut_S *= min(LEVEL_RMS / voiced_rms, PEAK / float(np.abs(cut_S).max()))
    ramp = np.linspace(0.0, 1.0, FADE // 2, dtype=np.float32)
    cut_S[: len(ramp)] *= ramp
    cut_S[-len(ramp) :] *= ramp[::-1]
    return (cut_S * 32767.0).round().astype(np.int16)


def words_of(tokenizer: Path) -> list[str]:
    """The spoken words of a word-level tokenizer.json, in order."""
    return sorted(
        word for word in json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"] if is_spoken(word)
    )


def write_inventory(folder: Path, units: dict[str, npt.NDArray[np.int16]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    starts = np.cumsum([0, *(len(unit_S) for unit_S in units.values())]).tolist()
    places = {word: [start, len(unit_S)] for start, (word, unit_S) in zip(starts, units.items(), strict=False)}
    index = {"sample_rate": RATE, "fade": FADE, "style": OUTPUT_STYLE, "samples": starts[-1], "words": places}
    _write_flac(folder / SOUND, np.concatenate(list(units.values())))
    lines = json.dumps(index, indent=1).replace("[\n   ", "[").replace(",\n   ", ", ").replace("\n  ]", "]")
    (folder / INDEX).write_text(lines + "\n", encoding="utf-8")


def _write_flac(path: Path, pcm_S: npt.NDArray[np.int16]) -> None:
    with av.open(path, "w", format="flac") as container:
        stream = container.add_stream(
            "flac", rate=RATE, layout="mono", format="s16", options={"compression_level": "8"}
        )
        frame = av.AudioFrame.from_ndarray(pcm_S[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


def build(folder: Path, words: Iterable[str]) -> None:
    fetch()
    kokoro = Kokoro()
    write_inventory(folder, {word: render(kokoro, word) for word in words})


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m training.voice_units",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--tokenizer", type=Path, default=Path("models/counterpoint-micro/tokenizer.json"))
    parser.add_argument("--out", type=Path, default=Path("models/voice"))
    args = parser.parse_args()
    build(args.out, words_of(args.tokenizer))


if __name__ == "__main__":
    main()
