"""The voice of this ingest: one thread off the event loop, so that sound never delays a micro-turn of someone else."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from cluster.media.spec import AudioFormat
from cluster.media.speech import Speaker, SpeechTrack, Spoken

REPLAY_TURNS_MAX = 64  # of sound remade silently on resume; more than the voice may lag


class VoiceFactory(Protocol):
    """cluster.voice.voice.Voice is one."""

    @property
    def sample_rate(self) -> int: ...

    def session(self) -> Speaker: ...


class VoiceThread:
    def __init__(self, voice: VoiceFactory) -> None:
        self._voice = voice
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="voice")

    @property
    def sample_rate(self) -> int:
        return self._voice.sample_rate

    def track(self, out: AudioFormat) -> SpeechTrack:
        return SpeechTrack(self._voice.session(), self._voice.sample_rate, out)

    async def render(self, track: SpeechTrack, k: int, words: tuple[str, ...], *, may_sound: bool) -> Spoken:
        if not words and track.idle:
            return Spoken()
        return await self._run(lambda: track.render(k, words, may_sound=may_sound))

    async def stop(self, track: SpeechTrack) -> None:
        """For an interruption: what was not sent is thrown away."""
        await self._run(track.stop)

    async def rebuild(self, track: SpeechTrack, from_k: int, to_k: int, words: tuple[str, ...]) -> None:
        """Remake the state after micro-turn `to_k`, when `words` began to sound in `from_k`. Nothing is sent."""
        if words and from_k <= to_k < from_k + REPLAY_TURNS_MAX:
            await self._run(lambda: _rebuild(track, from_k, to_k, words))

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: object) -> object:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _rebuild(track: SpeechTrack, from_k: int, to_k: int, words: tuple[str, ...]) -> None:
    for k in range(from_k, to_k + 1):
        track.render(k, words if k == from_k else (), may_sound=True)
