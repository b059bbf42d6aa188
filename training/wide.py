"""`python -m training.wide`: clips of any words in any order, so that every word is heard before any task is learned.

Half of them are runs of words drawn evenly from the whole vocabulary, half are numbers and the small words around
them, which every request about time is made of.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from training import vocab
from training.clips import Clip, pack, random_sight, random_utterance, write_shard
from training.tasks import Kind, Utterance
from training.voices import VARIANTS, spoken, wide_voice

_SPOKEN = tuple(word for word in vocab.WORDS if not word.startswith("<"))


def utterance(rng: np.random.Generator) -> Utterance:
    if rng.random() < 0.5:
        words = rng.choice(_SPOKEN, size=int(rng.integers(1, 7)))
    else:
        amount = str(rng.choice(vocab.NUMBERS + vocab.COUNTING))
        half = " and a half" if rng.random() < 0.25 else ""
        before = str(rng.choice(("every", "in", "say", "make it", "to", "count to", "after", "before", "to")))
        after = str(rng.choice(("seconds", "seconds", "seconds say", "seconds remind me to", "minutes", "times", "")))
        words = [before, amount + half, after, *rng.choice(_SPOKEN, size=int(rng.integers(0, 3)))]
    return Utterance(kind=Kind.CHATTER, words=" ".join(word for word in words if word))


def varied(rng: np.random.Generator) -> Utterance:
    """What an engine of few voices says: most of it requests and chatter, some about the camera, some any words."""
    draw = rng.random()
    return utterance(rng) if draw < 0.25 else random_sight(rng) if draw < 0.4 else random_utterance(rng)


def clips(seed: int, count: int) -> Iterator[Clip]:
    rng = np.random.default_rng([20261127, seed])
    for _ in range(count):
        asked, (who, tract) = utterance(rng), wide_voice(rng, VARIANTS)
        yield Clip(
            utterance=asked,
            voice=f"espeak:{who.accent}+{who.variant}",
            mel=pack(spoken(asked.words, who, tract)),
        )


def shard(folder: Path, seed: int, count: int) -> None:
    """Writes one shard, the same for the same seed. Does nothing where it is complete."""
    if not folder.exists():
        write_shard(folder, list(clips(seed, count)))


def build(out: Path, shards: int, count: int) -> None:
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(shard, out / f"{900 - i:03d}", 900 - i, count) for i in range(shards)]
        for job in jobs:
            job.result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=int, default=24)
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=Path("build/clips/espeak"))
    args = parser.parse_args()
    build(args.out, args.shards, args.clips)


if __name__ == "__main__":
    main()
