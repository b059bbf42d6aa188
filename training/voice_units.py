"""Renders the voice: a unit for every word that this checkpoint or the next may speak, and for every phrase.

Each is trimmed and levelled; all lie end to end in one FLAC file with an index. What the folder already holds is kept.

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

from cluster.voice.units import INDEX, SOUND, Unit, is_spoken, load_units
from training.kokoro import RATE, Kokoro, fetch
from training.vocab import HELD_OUT_PHRASES, TRAINED_PHRASES, WORDS
from training.voices import OUTPUT_STYLE
from training.word_bounds import word_bounds

FADE = RATE * 20 // 1000
LEVEL_RMS = 0.09  # of the loud part, so that a short word is as loud as a long one
PEAK = 0.85
WORD_SPEED = 1.15  # a word alone is drawn out and over-articulated; a phrase is not
FLOOR_DB = 36.0  # below the loudest frame: the release of a plosive is kept, the room is not


def finish(pcm_S: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
    """Trims silence by 5 ms frames, matches the level of the loud part, fades both ends by half the overlap.

    24 kHz in and out. Raises ValueError where the synthesiser gave no sound.
    """
    hop = RATE // 200
    power_F = (pcm_S[: len(pcm_S) // hop * hop].reshape(-1, hop) ** 2).mean(axis=1)
    if not power_F.max(initial=0.0) > 1e-8:
        raise ValueError("text: the synthesiser gave no sound")
    loud = np.flatnonzero(power_F > power_F.max() * 10 ** (-FLOOR_DB / 10))
    cut_S = pcm_S[max(0, loud[0] - 3) * hop : (loud[-1] + 5) * hop].copy()
    loud_rms = float(np.sqrt(np.mean(power_F[power_F > power_F.max() * 0.05])))
    cut_S *= min(LEVEL_RMS / loud_rms, PEAK / float(np.abs(cut_S).max()))
    ramp = np.linspace(0.0, 1.0, FADE // 2, dtype=np.float32)
    cut_S[: len(ramp)] *= ramp
    cut_S[-len(ramp) :] *= ramp[::-1]
    return (cut_S * 32767.0).round().astype(np.int16)


def words_of(tokenizer: Path) -> list[str]:
    """The spoken words of a word-level tokenizer.json, sorted."""
    vocab = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
    return sorted(word for word in vocab if is_spoken(word))


def render(kokoro: Kokoro, words: tuple[str, ...], known: dict[tuple[str, ...], Unit]) -> Unit:
    """A word, or a phrase whose words are already in `known`."""
    if len(words) == 1:
        return Unit(words=words, sound=finish(kokoro.synthesise(words[0], OUTPUT_STYLE, WORD_SPEED)))
    sound = finish(kokoro.synthesise(" ".join(words), OUTPUT_STYLE))
    parts = [_floats(known[word,].sound) for word in words]
    return Unit(words=words, sound=sound, starts=word_bounds(_floats(sound), parts, RATE))


def _floats(sound: npt.NDArray[np.int16]) -> npt.NDArray[np.float32]:
    return sound.astype(np.float32) / np.float32(32768)


def write_inventory(folder: Path, units: Iterable[Unit]) -> None:
    """Writes units.flac and index.json: for each text its first sample, its length and where its later words begin."""
    folder.mkdir(parents=True, exist_ok=True)
    places, sounds, at = [], [], 0
    for unit in units:
        places.append(f"  {json.dumps(' '.join(unit.words))}: {[at, len(unit.sound), *unit.starts[1:]]}")
        sounds.append(unit.sound)
        at += len(unit.sound)
    _write_flac(folder / SOUND, np.concatenate(sounds))
    head = {"sample_rate": RATE, "fade": FADE, "style": OUTPUT_STYLE, "samples": at}
    lines = json.dumps(head, indent=1).removesuffix("\n}") + ',\n "units": {\n' + ",\n".join(places) + "\n }\n}\n"
    (folder / INDEX).write_text(lines, encoding="utf-8")


def _write_flac(path: Path, pcm_S: npt.NDArray[np.int16]) -> None:
    options = {"compression_level": "8"}
    with av.open(path, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=RATE, layout="mono", format="s16", options=options)
        frame = av.AudioFrame.from_ndarray(pcm_S[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


def build(folder: Path, vocabulary: Iterable[str], phrases: Iterable[str]) -> None:
    known = dict(load_units(folder).by_words) if (folder / INDEX).exists() else {}
    wanted = [*((word,) for word in vocabulary), *(tuple(phrase.split()) for phrase in phrases)]
    if missing := [words for words in wanted if words not in known]:
        fetch()
        kokoro = Kokoro()
        for words in missing:
            known[words] = render(kokoro, words, known)
    write_inventory(folder, [known[words] for words in wanted])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m training.voice_units",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--tokenizer", type=Path, default=Path("models/counterpoint-micro/tokenizer.json"))
    parser.add_argument("--out", type=Path, default=Path("models/voice"))
    args = parser.parse_args()
    # The next checkpoint may know more words than this one; both are spoken.
    words = sorted({*words_of(args.tokenizer), *filter(is_spoken, WORDS)})
    build(args.out, words, sorted({*TRAINED_PHRASES, *HELD_OUT_PHRASES}))


if __name__ == "__main__":
    main()
