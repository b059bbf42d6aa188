"""The clip store: every utterance as mel levels of half a decibel, in shards that are made once and mapped from disk.

A shard is a folder: `mel.npy` uint8 [F, C], the clips end to end; `clips.jsonl`, one line a clip.
"""

from __future__ import annotations

import json
import wave
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cluster.media.dmel import DMelConfig, from_s16, mel_power
from training import readings, tasks, vocab
from training.tasks import Kind, Utterance
from training.voices import VARIANTS, level, spoken, trim, wide_voice

CONFIG = DMelConfig()
_FLOOR_DB = -60.0  # what trimming leaves below this is nothing once any noise is added
_SHARES = {
    Kind.EVERY: 0.16,
    Kind.IN: 0.11,
    Kind.CUE: 0.13,
    Kind.SOUND: 0.03,
    Kind.COUNT: 0.04,
    Kind.CHANGE: 0.04,
    Kind.STOP: 0.05,
    Kind.ASK: 0.10,
    Kind.SINCE: 0.03,
    Kind.DELEGATE: 0.07,
    Kind.TALK: 0.03,
    Kind.BACK: 0.02,
    Kind.CHATTER: 0.19,
}
SIGHTS = 600  # the first shard of requests about the camera
_SIGHT_SHARES = (0.26, 0.26, 0.26, 0.08, 0.14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """An utterance as spoken by one voice. mel: half-decibel levels, uint8 [F, C]."""

    utterance: Utterance
    voice: str
    mel: npt.NDArray[np.uint8]

    def power(self) -> npt.NDArray[np.float32]:
        """Mel power, float32 [F, C]."""
        return np.float32(10.0) ** ((self.mel.astype(np.float32) * 0.5 + _FLOOR_DB) / 10.0)


def pack(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Samples to half-decibel mel levels; one hop of silence is added so that the last word is whole."""
    power = mel_power(np.concatenate([samples, np.zeros(CONFIG.hop, np.float32)]), CONFIG)
    return np.clip((10 * np.log10(power + 1e-10) - _FLOOR_DB) * 2, 0, 255).astype(np.uint8)


def random_utterance(rng: np.random.Generator) -> Utterance:
    return tasks.make(rng, tuple(_SHARES)[int(rng.choice(len(_SHARES), p=tuple(_SHARES.values())))])


def random_sight(rng: np.random.Generator) -> Utterance:
    """A request about the camera."""
    return tasks.sight(rng, tasks.SIGHTS[int(rng.choice(len(tasks.SIGHTS), p=_SIGHT_SHARES))])


def synthesise_shard(
    folder: Path,
    seed: int,
    count: int,
    workers: int = 2,
    draw: Callable[[np.random.Generator], Utterance] = random_utterance,
) -> None:
    """Writes one shard of espeak-ng clips, the same for the same seed. Does nothing where it is complete."""
    if folder.exists():
        return
    rng = np.random.default_rng(seed)
    plan = [(draw(rng), *wide_voice(rng, VARIANTS)) for _ in range(count)]
    with ThreadPoolExecutor(workers) as pool:
        samples = pool.map(lambda item: spoken(item[0].words, *item[1:]), plan)
        clips = [
            Clip(utterance=utterance, voice=f"espeak:{voice.accent}+{voice.variant}", mel=pack(clip))
            for (utterance, voice, _), clip in zip(plan, samples, strict=True)
        ]
    write_shard(folder, clips)


def synthesise_sights(folder: Path, shards: int, count: int) -> None:
    """Shards of requests about the camera."""
    for number in range(SIGHTS, SIGHTS + shards):
        synthesise_shard(folder / f"{number}", 1000 + number, count, draw=random_sight)


def in_recipe(utterance: Utterance) -> bool:
    """Whether its wording and interval are still trained: a clip made before the recipe changed is left out."""
    if utterance.kind in (Kind.EVERY, Kind.IN, Kind.CHANGE) and utterance.tenths not in vocab.ALL_TENTHS:
        return False
    return utterance.kind is Kind.CHATTER or readings.trained(utterance)


def write_shard(folder: Path, clips: list[Clip]) -> None:
    part = folder.with_suffix(".part")
    part.mkdir(parents=True, exist_ok=True)
    np.save(part / "mel.npy", np.concatenate([clip.mel for clip in clips]))
    lines = (
        json.dumps({"voice": clip.voice, "frames": len(clip.mel), **asdict(clip.utterance)}) + "\n" for clip in clips
    )
    (part / "clips.jsonl").write_text("".join(lines))
    part.rename(folder)


def build_shards(out: Path, numbers: Iterable[int], make: Callable[[int], Iterable[Clip]]) -> None:
    """Writes the shards of these numbers that are not there yet."""
    for number in numbers:
        if not (out / f"{number:03d}").exists():
            write_shard(out / f"{number:03d}", list(make(number)))


def read_shard(folder: Path) -> Iterator[Clip]:
    mel = np.load(folder / "mel.npy", mmap_mode="r")
    start = 0
    for line in (folder / "clips.jsonl").read_text().splitlines():
        row = json.loads(line)
        frames = row["frames"]
        yield Clip(utterance=read_utterance(row), voice=row["voice"], mel=mel[start : start + frames])
        start += frames


def read_utterance(row: dict[str, Any]) -> Utterance:
    """What a line of a manifest tells of it."""
    return Utterance(kind=Kind(row["kind"]), words=row["words"], say=row["say"], tenths=row["tenths"], cue=row["cue"])


def read_recorded(folder: Path, after: int = 0) -> Iterator[Clip]:
    """Clips that a voice has left as wav files with a manifest (`training.kokoro_clips`), but for the first `after`."""
    for line in _manifest(folder)[after:]:
        row = json.loads(line)
        yield Clip(utterance=read_utterance(row), voice=f"kokoro:{row['style']}", mel=pack(_samples(folder, row)))


def read_recorded_samples(folder: Path) -> Iterator[tuple[Utterance, npt.NDArray[np.float32]]]:
    """The same as samples at 16 kHz, trimmed and level-matched."""
    for line in _manifest(folder):
        row = json.loads(line)
        yield read_utterance(row), _samples(folder, row)


def _samples(folder: Path, row: dict[str, Any]) -> npt.NDArray[np.float32]:
    with wave.open(str(folder / row["file"])) as wav:
        return level(trim(from_s16(wav.readframes(wav.getnframes()))))


def _manifest(folder: Path) -> list[str]:
    manifest = folder / "manifest.jsonl"
    return manifest.read_text().splitlines() if manifest.exists() else []
