"""Senders: media in real time as a microphone would give it, or as fast as a lockstep session takes it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

from counterpoint.client.pacing import Pacer
from counterpoint.client.session import Session

CHUNK_MS = 40


def chunks(pcm: bytes, *, sample_rate_hz: int, channels: int = 1, chunk_ms: int = CHUNK_MS) -> Iterator[bytes]:
    """Cut interleaved PCM s16le into chunks; the last one may be shorter."""
    size = sample_rate_hz * chunk_ms // 1000 * channels * 2
    for start in range(0, len(pcm), size):
        yield pcm[start : start + size]


async def send_paced(session: Session, pcm: bytes, *, chunk_ms: int = CHUNK_MS) -> None:
    """Send PCM s16le of the configured rate and channels from media time 0 on; returns when the last chunk is queued
    or the session ended.

    Live: in real time on the session's media clock. Lockstep: at once, then wait until it has left.
    """
    audio_in = session.configure.audio_in
    pieces = chunks(pcm, sample_rate_hz=audio_in.sample_rate_hz, channels=max(1, audio_in.channels), chunk_ms=chunk_ms)
    if session.configure.lockstep:
        for piece in pieces:
            session.send_audio(piece)
        await session.drained()
        return
    pacer = Pacer(zero_ns=session.timeline.zero_ns, chunk_ms=chunk_ms)
    async for piece in paced(pacer, pieces):
        if session.ended:
            return
        session.send_audio(piece)


async def paced(pacer: Pacer, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Give each piece at its time."""
    last_ns = None
    for index, piece in enumerate(pieces):
        wait_ns = pacer.send_ns(index, last_ns) - time.monotonic_ns()
        if wait_ns > 0:
            await asyncio.sleep(wait_ns / 1e9)
        last_ns = time.monotonic_ns()
        yield piece
