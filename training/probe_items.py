"""What a conversation of the probe is made of: its sound, its voice, and what is expected when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from training.tasks import Kind, Utterance
from training.voices import SAMPLE_RATE, Voice, synthesise

SECONDS = 31.0
TIMED_S = 0.4  # an onset may be this far off, or TIMED_SHARE of the interval
TIMED_SHARE = 0.05
CUE_S = (0.0, 1.4)  # an answer to a cue starts this long after the word's end


ANSWER_S = (0.0, 2.0)  # an answer to a question
SILENT_S = 1.0  # counting aloud ends this long after somebody began to speak
STANDING = ("every", "in", "cue", "idle")  # the kinds that need no more than a request and chatter


@dataclass(frozen=True, slots=True)
class Expect:
    """text: the words, or alternatives divided by "|". needed False: may be said, need not."""

    text: str
    from_s: float
    to_s: float
    needed: bool = True


@dataclass(slots=True, kw_only=True)
class Item:
    """One conversation. kind: as asked, or "idle", which asks nothing. voice: "espeak" or "kokoro"."""

    id: str
    kind: str
    voice: str
    asked: str
    samples_N: npt.NDArray[np.float32]
    expect: list[Expect] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


Recording = tuple[Utterance, npt.NDArray[np.float32]]


class Recorder:
    """Clips of one voice: espeak-ng made on the spot, or recordings drawn from a folder."""

    def __init__(
        self, rng: np.random.Generator, voice: Voice | None, recorded: list[tuple[Utterance, np.ndarray]]
    ) -> None:
        self._rng, self._voice, self._recorded = rng, voice, recorded

    def say(self, utterance: Utterance) -> tuple[Utterance, npt.NDArray[np.float32]]:
        """The utterance, or for recordings one of the same kind."""
        if self._voice is not None:
            return utterance, synthesise(utterance.words, self._voice)
        same = [item for item in self._recorded if item[0].kind is utterance.kind]
        return same[int(self._rng.integers(len(same)))]


class Desk(Protocol):
    """What those who write conversations draw from."""

    rng: np.random.Generator
    phrases: tuple[str, ...]


def add(mix: npt.NDArray[np.float32], clip: npt.NDArray[np.float32], at: float) -> float:
    """Adds a clip at `at` seconds; returns when it ends."""
    start = int(at * SAMPLE_RATE)
    mix[start : start + len(clip)] += clip[: len(mix) - start]
    return (start + len(clip)) / SAMPLE_RATE


def timed(asked: Utterance, end: float) -> list[Expect]:
    """Answers whose whole window lies inside the conversation."""
    interval = asked.tenths / 10
    slack = max(TIMED_S, TIMED_SHARE * interval)
    times = [end + interval * index for index in range(1, 2 if asked.kind is Kind.IN else 1000)]
    return [Expect(asked.say, t - slack, t + slack) for t in times if t + slack < SECONDS - 0.2]
