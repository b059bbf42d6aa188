"""`python -m training.hearing`: how many words each voice's clips are heard wrong in, before anything is made of them.

Greedy reading of the word CTC over single clips, without room or noise beyond a quiet floor, summed by engine and by
voice: substitutions, omissions and insertions over words said.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch

from training import vocab
from training.batches import Shape, collate
from training.clips import Clip, read_recorded, read_shard
from training.export import CHECKPOINT
from training.inherit import inherit
from training.layers import ModelConfig
from training.mixing import Room, render
from training.model import Micro
from training.timeline import FRAMES_PER_TURN, Placed, Timeline
from training.train import CLIPS
from training.views import Cut, View, view

TURNS = 80
SHAPE = Shape(3 * TURNS, 2 * TURNS)
_LEAD = 20  # frames of quiet before a clip
_BATCH = 25


def heard(model: Micro, clips: Iterable[Clip], seed: int = 0) -> Iterator[tuple[Clip, list[str]]]:
    """Each clip with the words that its sound gives. A clip longer than 15 s is left out."""
    rng = np.random.default_rng(seed)
    fitting = [clip for clip in clips if len(clip.mel) < (TURNS - 4) * FRAMES_PER_TURN]
    for start in range(0, len(fitting), _BATCH):
        some = fitting[start : start + _BATCH]
        batch = collate([_alone(rng, clip) for clip in some], SHAPE)
        with torch.inference_mode():
            best_BA = model.listen(batch).argmax(-1)
        for clip, best_A, count in zip(some, best_BA, batch.num_audio_B, strict=True):
            runs = torch.unique_consecutive(best_A[: int(count)])
            yield clip, [vocab.WORDS[word] for word in runs.tolist() if word]


def _alone(rng: np.random.Generator, clip: Clip) -> View:
    line = Timeline(TURNS)
    line.placed.append(Placed(clip, _LEAD, _LEAD + len(clip.mel)))
    codes = render(rng, line, Room(augment=False, noise_db=(-55.0, -45.0)))
    return view(line, codes, Cut(pins=(), start=0, stop=TURNS, k_offset=0), SHAPE.tokens, frozenset())


def wrong(said: list[str], words: list[str]) -> int:
    """Words to change, drop or add so that one becomes the other (Levenshtein)."""
    row = list(range(len(words) + 1))
    for i, word in enumerate(said, start=1):
        last, row[0] = row[0], i
        for j, other in enumerate(words, start=1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (word != other))
    return row[-1]


def rates(model: Micro, clips: Iterable[Clip]) -> dict[str, dict[str, float]]:
    """By voice: clips, words and the share of words wrong."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for clip, words in heard(model, clips):
        said = [vocab.WORDS[word] for word in vocab.heard(clip.utterance.words)]
        for name in {clip.voice, clip.voice.partition(":")[0]}:
            sums[name] = [a + b for a, b in zip(sums[name], (1, len(said), wrong(said, words)), strict=True)]
    return {
        name: {"clips": clips, "words": words, "wrong": round(errors / max(words, 1), 3)}
        for name, (clips, words, errors) in sorted(sums.items())
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT)
    parser.add_argument("--clips", type=Path, default=CLIPS)
    parser.add_argument("--each", type=int, default=200, help="clips of each shard")
    parser.add_argument("--shards", nargs="*", default=["000"], help="folders of build/clips/espeak")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = Micro(ModelConfig()).eval()
    inherit(model, args.checkpoint)
    held_out = list(read_recorded(args.clips / "kokoro_heldout"))
    if not held_out:
        parser.error(f"--clips: no {args.clips}/kokoro_heldout; python -m training.kokoro_clips --held-out makes it")
    result = {"kokoro held out": rates(model, held_out[: args.each])}
    for name in args.shards:
        result[name] = rates(model, list(read_shard(args.clips / "espeak" / name))[: args.each])
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
