"""Output words of a session to sound on its output track, aligned. Runs off the event loop, one call at a time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cluster.media.encode import Encoder, make_encoder
from cluster.media.spec import AudioFormat
from cluster.types import MICRO_TURN_MS


class Mark(Protocol):
    @property
    def word(self) -> str: ...

    @property
    def start(self) -> int: ...


class Speaker(Protocol):
    """The voice of one session: cluster.voice.state.VoiceState is one."""

    @property
    def pending_samples(self) -> int: ...

    def push(self, words: tuple[str, ...]) -> tuple[str, ...]: ...

    def take(self, samples: int) -> tuple[bytes, tuple[Mark, ...]]: ...

    def clear(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """audio: empty for silence. words: those whose sound begins here, each with its sample of the output track and the
    micro-turn that emitted it.

    refused: words the voice had no room for. ended: sample of the output track at which the voice fell silent.
    """

    audio: bytes = b""
    words: tuple[tuple[str, int, int], ...] = ()
    refused: tuple[str, ...] = ()
    ended: int | None = None


class SpeechTrack:
    """Sample positions are of the client's output track: micro-turn k begins at k * 200 ms of it."""

    def __init__(self, speaker: Speaker, voice_hz: int, track: AudioFormat) -> None:
        self._speaker, self._voice_hz, self._track = speaker, voice_hz, track
        self._turn_samples = voice_hz * MICRO_TURN_MS // 1000
        self._encoder: Encoder | None = None  # lives for one utterance
        self._emitted: deque[int] = deque()  # micro-turn of each word that has not begun

    @property
    def idle(self) -> bool:
        return self._encoder is None and self._speaker.pending_samples == 0

    def render(self, k: int, words: tuple[str, ...], *, may_sound: bool) -> Spoken:
        """Words of micro-turn k, and the sound that belongs to it unless it has to wait for the listener."""
        spoken = tuple(word for word in words if not word.startswith("<"))
        refused = self._speaker.push(spoken)
        self._emitted.extend([k] * (len(spoken) - len(refused)))
        pending = self._speaker.pending_samples
        if not may_sound and pending:
            return Spoken(refused=refused)
        first = k * self._track.rate * MICRO_TURN_MS // 1000
        if pending == 0:
            ended = first if self._encoder is not None else None
            self._encoder = None
            return Spoken(refused=refused, ended=ended)
        pcm, marks = self._speaker.take(self._turn_samples)
        self._encoder = self._encoder or make_encoder(self._voice_hz, self._track)
        audio = self._encoder.encode(np.frombuffer(pcm, dtype="<i2"))
        begun = tuple((mark.word, first + self._to_client(mark.start), self._emitted.popleft()) for mark in marks)
        ended = None
        if self._speaker.pending_samples == 0:
            self._encoder = None
            ended = first + self._to_client(min(pending, self._turn_samples))
        return Spoken(audio=audio, words=begun, refused=refused, ended=ended)

    def stop(self) -> tuple[str, ...]:
        """Throws away what was not taken; returns the words that never began."""
        self._encoder = None
        self._emitted.clear()
        return self._speaker.clear()

    def _to_client(self, samples: int) -> int:
        return samples * self._track.rate // self._voice_hz
