"""What one session is about to say: words in, samples out, aligned.

The sound is a pure function of the pushes and takes since the last silence, so whoever holds the output tokens of those
micro-turns rebuilds the unheard rest.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cluster.voice.units import Unit, Units, is_spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class WordMark:
    """start: the sample of the taken piece at which the word's sound begins."""

    word: str
    start: int


class VoiceState:
    """A queue of unit recordings, each overlapping the one before by the inventory's fade.

    limit: samples that may wait; a model that talks faster than speech is told so instead of lagging ever further.
    """

    __slots__ = ("_limit", "_marks", "_sound_S", "_units")

    def __init__(self, units: Units, limit: int) -> None:
        self._units = units
        self._limit = limit
        self._sound_S: npt.NDArray[np.int16] = np.zeros(0, np.int16)
        self._marks: deque[WordMark] = deque()

    @property
    def pending_samples(self) -> int:
        return len(self._sound_S)

    def push(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """Queues the output words of one micro-turn; control tokens make no sound.

        Returns the words that were refused because `limit` samples already wait. Raises KeyError for a word without a
        unit, which `Units.require` at start-up rules out.
        """
        rest = tuple(word for word in words if is_spoken(word))
        while rest:
            unit = self._units.begin(rest)
            if self.pending_samples + len(unit.sound) > self._limit:
                break
            self._append(unit)
            rest = rest[len(unit.words) :]
        return rest

    def _append(self, unit: Unit) -> None:
        overlap = min(self._units.fade, self.pending_samples, len(unit.sound))
        start = self.pending_samples - overlap
        # Units fade in and out by themselves, so a sum is a cross-fade.
        joint_S = self._sound_S[start:].astype(np.int32) + unit.sound[:overlap]
        clipped_S = np.clip(joint_S, -32768, 32767).astype(np.int16)
        self._sound_S = np.concatenate([self._sound_S[:start], clipped_S, unit.sound[overlap:]])
        self._marks.extend(
            WordMark(word=word, start=start + at) for word, at in zip(unit.words, unit.starts, strict=True)
        )

    def take(self, samples: int) -> tuple[bytes, tuple[WordMark, ...]]:
        """The next `samples` samples as s16le, silence where nothing waits, and the words that begin in them."""
        piece_S, self._sound_S = self._sound_S[:samples], self._sound_S[samples:]
        begun: list[WordMark] = []
        while self._marks and self._marks[0].start < samples:
            begun.append(self._marks.popleft())
        self._marks = deque(WordMark(word=mark.word, start=mark.start - samples) for mark in self._marks)
        return piece_S.astype("<i2").tobytes().ljust(2 * samples, b"\0"), tuple(begun)

    def clear(self) -> tuple[str, ...]:
        """Forgets what was not taken, for an interruption. Returns the words that never began."""
        unsaid = tuple(mark.word for mark in self._marks)
        self._marks.clear()
        self._sound_S = self._sound_S[:0]
        return unsaid
