"""Kokoro clips of requests, words and chatter: training voices in build/clips/kokoro, held-out ones beside it.

`manifest.jsonl` has one line per clip, appended when the clip is whole: file, style, speed and the fields of its
utterance. Clip i depends on the seed, i and the sentences of training alone, so that a second run goes on where the
first one ended.

    python -m training.kokoro_clips --clips 1000
    python -m training.kokoro_clips --held-out --clips 120
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np

from training import tasks, vocab, wide
from training.clips import random_utterance
from training.kokoro import Kokoro, fetch, write_wav
from training.tasks import Kind, Utterance
from training.voices import HELD_OUT_STYLES, SAMPLE_RATE, trim

AMERICANS = "alloy aoede bella jessica kore nova river sarah sky", "adam echo eric fenrir liam onyx puck"
BRITONS = "alice isabella lily", "daniel fable lewis"
STYLES = tuple(
    f"{accent}{sex}_{name}"
    for accent, speakers in (("a", AMERICANS), ("b", BRITONS))
    for sex, names in zip("fm", speakers, strict=True)
    for name in names.split()
)
# Speakers of other languages, mixed in by at most half: more timbres, and the English stays clear.
TIMBRES = (
    *("ef_dora", "em_alex", "ff_siwis", "hf_alpha", "hm_omega", "if_sara", "im_nicola", "jf_alpha"),
    *("jf_nezumi", "jm_kumo", "pf_dora", "pm_alex", "zf_xiaobei", "zf_xiaoxiao", "zm_yunjian", "zm_yunyang"),
)
WIDE_EVERY = 4  # each so many-th clip is a run of any words
_PURE, _ENGLISH = 0.5, 0.75  # below: one style; below: two English styles; above: English with another language's


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipPlan:
    """speed: 1.0 is the style's own. style: a name, or a mix as in `Kokoro.style`."""

    asked: Utterance
    style: str
    speed: float


def plan_clip(index: int, seed: int, held_out: bool) -> ClipPlan:
    """What clip `index` says, who says it and how fast."""
    rng = np.random.default_rng((seed, held_out, index))
    if held_out:
        asked, style = _held_out(rng, index), str(rng.choice(HELD_OUT_STYLES))
        return ClipPlan(asked=asked, style=style, speed=round(float(rng.uniform(0.9, 1.1)), 2))
    asked = wide.utterance(rng) if index % WIDE_EVERY == 0 else random_utterance(rng)
    return ClipPlan(asked=asked, style=_random_style(rng), speed=round(float(rng.uniform(0.82, 1.25)), 2))


def _random_style(rng: np.random.Generator) -> str:
    own, draw = str(rng.choice(STYLES)), rng.random()
    if draw < _PURE:
        return own
    other = str(rng.choice([style for style in STYLES if style != own] if draw < _ENGLISH else TIMBRES))
    share = round(float(rng.uniform(0.25, 0.5)), 2)
    return f"{own}:{1 - share:.2f}+{other}:{share:.2f}"


def _held_out(rng: np.random.Generator, index: int) -> Utterance:
    """Held-out phrases in turn over the kinds; every other periodic request asks for a held-out interval."""
    kind = (Kind.EVERY, Kind.IN, Kind.CUE, Kind.CHATTER, Kind.EVERY, Kind.CHATTER, Kind.STOP, Kind.IN)[index % 8]
    if kind is Kind.CHATTER:
        return tasks.chatter(rng)
    if kind is Kind.STOP:
        return tasks.stop(rng)
    tenths = vocab.HELD_OUT_TENTHS[index // 8 % len(vocab.HELD_OUT_TENTHS)] if index % 8 == 4 else 0
    return tasks.request(rng, kind, vocab.HELD_OUT_PHRASES, tenths)


def build(folder: Path, clips: int, seed: int, held_out: bool, workers: int = 1) -> None:
    """Makes the clips that the manifest lacks, each worker with one thread."""
    fetch()
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.jsonl"
    done = {json.loads(line)["file"] for line in manifest.read_text().splitlines()} if manifest.exists() else set()
    plans = {f"{index:05d}.wav": plan_clip(index, seed, held_out) for index in range(clips)}
    with manifest.open("a", encoding="utf-8") as lines, ProcessPoolExecutor(workers) as pool:
        jobs = {pool.submit(_make, folder / name, plans[name]): name for name in plans if name not in done}
        for job in as_completed(jobs):
            if job.exception():
                pool.shutdown(cancel_futures=True)  # else all that waits would be made, and not listed
            job.result()
            plan = plans[jobs[job]]
            row = {"file": jobs[job], "style": plan.style, "speed": plan.speed, **asdict(plan.asked)}
            lines.write(json.dumps(row) + "\n")
            lines.flush()


def _make(path: Path, plan: ClipPlan) -> None:
    write_wav(path, trim(_kokoro().synthesise(plan.asked.words, plan.style, plan.speed, SAMPLE_RATE)), SAMPLE_RATE)


@cache
def _kokoro() -> Kokoro:
    return Kokoro()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m training.kokoro_clips",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--held-out", action="store_true", help="held-out styles and phrases")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/clips"))
    args = parser.parse_args()
    folder = args.out / ("kokoro_heldout" if args.held_out else "kokoro")
    build(folder, args.clips, args.seed, args.held_out, args.workers)


if __name__ == "__main__":
    main()
