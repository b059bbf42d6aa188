"""`python -m evals.read_back`: the voice against its text. The recogniser of the cascade reads back every recording.

What is scored is text, what is heard is sound. The voice sounds recordings that are found by the very words which the
text reports, so the two can only differ where a recording is not what it is named: all of them are read back, once for
each build of the voice, and the figure stands in `models/voice/README.md`. Needs `make cascade`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr

from cluster.voice.units import Unit, Units
from cluster.voice.voice import Voice
from evals.cascade.home import PYTHON, LineProcess
from evals.cascade.speak import words_of

WORKER = Path(__file__).parent / "cascade" / "worker.py"
RATE = 16_000
AROUND_S = 1.0  # of silence before and after: a recogniser is used to pauses


def read_back(units: Units) -> Iterator[tuple[Unit, tuple[str, ...]]]:
    """Each recording with the words that were understood. Raises ConfigError where there is no recogniser."""
    quiet_N = np.zeros(round(AROUND_S * RATE), np.float32)
    with LineProcess([PYTHON, WORKER]) as ears, tempfile.TemporaryDirectory() as scratch:
        pcm = Path(scratch) / "unit.pcm"
        for unit in units.by_words.values():
            sound_N = soxr.resample(unit.sound.astype(np.float32), units.sample_rate, RATE)
            whole_N = np.concatenate([quiet_N, sound_N, quiet_N])
            pcm.write_bytes(np.clip(whole_N, -32768, 32767).astype("<i2").tobytes())
            heard = " ".join(turn["text"] for turn in ears.ask({"pcm": str(pcm)})["turns"])
            yield unit, words_of(heard)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evals.read_back", description=__doc__)
    parser.add_argument("--voice", type=Path, default=Path("models/voice"))
    wrong: dict[int, list[str]] = {}
    total: dict[int, int] = {}
    for unit, heard in read_back(Voice(parser.parse_args().voice).units):
        size = len(unit.words)
        total[size] = total.get(size, 0) + 1
        if heard != unit.words:
            wrong.setdefault(size, []).append(f"{' '.join(unit.words)} as {' '.join(heard) or 'nothing'}")
    for size, count in sorted(total.items()):
        other = wrong.get(size, [])
        print(f"recordings of {size} words: {len(other)} of {count} were read otherwise: {', '.join(other)}")


if __name__ == "__main__":
    main()
