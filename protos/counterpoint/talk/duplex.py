"""One block of sound each way at a time: what the loudspeaker plays now, and what is left of the microphone without it.

Positions are samples of one clock: the number of samples captured since media time 0. Pure; the canceller is given.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

BLOCK_MS = 10  # what an echo canceller takes at a time


class EchoCanceller(Protocol):
    """Blocks of BLOCK_MS, mono s16le."""

    def played(self, block: bytes) -> None: ...

    def captured(self, block: bytes) -> bytes: ...


@dataclass(slots=True, kw_only=True)
class Piece:
    starts: int
    first_sample: int  # on the output track
    pcm: bytes


class Player:
    """Plays every output when it is due or, if it came later, at once; never two at a time."""

    def __init__(self) -> None:
        self._pieces: deque[Piece] = deque()
        self._free_from = 0
        self.played_samples = 0  # of the output track

    def add(self, pcm: bytes, *, due: int, first_sample: int, now: int) -> None:
        starts = max(due, now, self._free_from)
        self._free_from = starts + len(pcm) // 2
        self._pieces.append(Piece(starts=starts, first_sample=first_sample, pcm=pcm))

    def take(self, now: int, num_samples: int) -> bytes:
        """What sounds in [now, now + num_samples); silence where nothing does."""
        out = bytearray(2 * num_samples)
        while self._pieces and self._pieces[0].starts < now + num_samples:
            piece = self._pieces[0]
            skip = max(0, now - piece.starts)
            offset = max(0, piece.starts - now)
            part = piece.pcm[2 * skip : 2 * (skip + num_samples - offset)]
            out[2 * offset : 2 * offset + len(part)] = part
            end = skip + len(part) // 2
            self.played_samples = max(self.played_samples, piece.first_sample + end)
            if 2 * end < len(piece.pcm):
                break
            self._pieces.popleft()
        return bytes(out)


class Duplex:
    """starts: samples captured before media time 0, which nobody hears."""

    def __init__(self, canceller: EchoCanceller, *, starts: int) -> None:
        self.player = Player()
        self.now = -starts
        self._canceller = canceller

    def exchange(self, captured: bytes) -> tuple[bytes, bytes]:
        """A block from the microphone; returns what to play now and what to send."""
        num_samples = len(captured) // 2
        playing = self.player.take(self.now, num_samples)
        self._canceller.played(playing)
        clean = self._canceller.captured(captured)
        before_start = min(num_samples, max(0, -self.now))
        self.now += num_samples
        return playing, clean[2 * before_start :]
