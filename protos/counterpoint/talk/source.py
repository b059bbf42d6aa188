"""Where the input of a conversation comes from, and where its output goes while it lasts."""

from __future__ import annotations

import math
from typing import Protocol

from counterpoint.client import Session, Turn, send_paced
from counterpoint.talk.wav import Sound, peak


class Source(Protocol):
    """`feed` returns when there is no more input. `sent` is what was fed so far: mono s16le from media time 0 on."""

    sample_rate_hz: int
    channels: int
    plays: bool  # a sound device plays the output and reports how far

    async def feed(self, session: Session) -> None: ...

    def hear(self, turn: Turn) -> None: ...

    def sent(self) -> bytes: ...


class Recording:
    """A recording, in real time; its end is filled up with silence to a whole micro-turn."""

    plays = False

    def __init__(self, sound: Sound, *, seconds: float | None = None) -> None:
        wanted = sound.seconds if seconds is None else seconds
        self._sound = sound.lasting(math.ceil(wanted * 5 - 1e-6) / 5)
        self.sample_rate_hz, self.channels = sound.sample_rate_hz, sound.channels
        self._mono = self._sound.mono()
        self._session: Session | None = None

    @property
    def seconds(self) -> float:
        return self._sound.seconds

    async def feed(self, session: Session) -> None:
        self._session = session
        await send_paced(session, self._sound.pcm)

    def hear(self, turn: Turn) -> None:
        pass

    def sent(self) -> bytes:
        return self._mono[: 2 * self._session.audio_samples] if self._session else b""


def level(pcm: bytes, sample_rate_hz: int, starts_ms: int, ends_ms: int) -> float:
    """Peak of [starts_ms, ends_ms) of a mono track, 0 to 1."""
    return peak(pcm[starts_ms * sample_rate_hz // 1000 * 2 : ends_ms * sample_rate_hz // 1000 * 2])
