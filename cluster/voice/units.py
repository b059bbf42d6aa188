"""The unit inventory: one recording per word or phrase, end to end in `units.flac`, found by `index.json`.

Shape legend: S samples, mono int16.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from cluster.errors import ConfigError

INDEX, SOUND = "index.json", "units.flac"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """sound: read-only [S]. starts: for each of its words, the sample at which it begins."""

    words: tuple[str, ...]
    sound: npt.NDArray[np.int16]
    starts: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """sample_rate: Hz. fade: samples by which neighbouring units overlap."""

    sample_rate: int
    fade: int
    by_words: Mapping[tuple[str, ...], Unit]

    def begin(self, words: tuple[str, ...]) -> Unit:
        """The longest unit that starts `words`: a phrase sounds better whole. Raises KeyError for an unknown word."""
        for length in range(len(words), 1, -1):
            if unit := self.by_words.get(words[:length]):
                return unit
        return self.by_words[words[:1]]

    def require(self, vocabulary: Iterable[str]) -> None:
        """Raises ConfigError listing every word a checkpoint may speak and this inventory cannot."""
        if missing := sorted(word for word in set(vocabulary) if is_spoken(word) and (word,) not in self.by_words):
            raise ConfigError(
                "serve.voice",
                f"no unit for {len(missing)} words of the checkpoint: {', '.join(missing)}; "
                "rebuild it with python -m training.voice_units",
            )


def is_spoken(token: str) -> bool:
    """Entries in angle brackets are events or silence (cluster/DESIGN.md, "Control tokens")."""
    return not token.startswith("<")


@cache
def load_units(units_dir: Path) -> Units:
    """Reads a folder once per process. Raises ConfigError where it is not a whole inventory."""
    try:
        index = json.loads((units_dir / INDEX).read_text(encoding="utf-8"))
        sound_S = _decode(units_dir / SOUND)
    except (OSError, ValueError, av.FFmpegError) as error:
        raise ConfigError("serve.voice", f"{units_dir} holds no readable units: {error}") from error
    if len(sound_S) != index["samples"]:
        raise ConfigError(
            "serve.voice",
            f"{SOUND} has {len(sound_S)} samples, {INDEX} says {index['samples']}; restore both from one build",
        )
    units = (
        Unit(words=tuple(text.split()), sound=sound_S[start : start + length], starts=(0, *inner))
        for text, (start, length, *inner) in index["units"].items()
    )
    return Units(sample_rate=index["sample_rate"], fade=index["fade"], by_words={unit.words: unit for unit in units})


def _decode(path: Path) -> npt.NDArray[np.int16]:
    with av.open(path) as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    sound_S = np.concatenate(frames)
    if sound_S.dtype != np.int16:
        raise ValueError(f"{path.name} has {sound_S.dtype} samples, must be 16-bit mono")
    sound_S.setflags(write=False)
    return sound_S
