"""Microphone and loudspeaker, with a library's echo canceller between them, so that the model does not hear itself."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from counterpoint.client import Session, Turn
from counterpoint.client.timeline import MS
from counterpoint.talk.duplex import BLOCK_MS, Duplex

RATE = 16_000
CHUNK_BYTES = RATE * 40 // 1000 * 2
REPORT_SAMPLES = RATE // 5
INSTALL = "it comes with the extra counterpoint[mic]; in a checkout: pip install './protos[mic]'"


class NoSound(Exception):
    """There is nothing to talk with; the message says what to install or connect."""


class WebRtcCanceller:
    """The canceller of WebRTC, mono at RATE. delay_ms: from playing a block to capturing its echo."""

    def __init__(self, delay_ms: int) -> None:
        try:
            from aec_audio_processing import AudioProcessor
        except ImportError as error:
            raise NoSound(f"{error}; {INSTALL}") from error
        self._processor = AudioProcessor(enable_aec=True, enable_ns=False, enable_agc=False, enable_vad=False)
        self._processor.set_stream_format(RATE, 1)
        self._processor.set_reverse_stream_format(RATE, 1)
        self._processor.set_stream_delay(delay_ms)

    def played(self, block: bytes) -> None:
        self._processor.process_reverse_stream(block)

    def captured(self, block: bytes) -> bytes:
        return bytes(self._processor.process_stream(block))


class Microphone:
    """A `Source` on the default devices. seconds: of media; None is until interrupted."""

    sample_rate_hz = RATE
    channels = 1
    plays = True

    def __init__(self, sound: Any, seconds: float | None) -> None:
        self._sound, self._seconds = sound, seconds
        self._sent = bytearray()
        self._duplex: Duplex | None = None

    @classmethod
    def open(cls, *, seconds: float | None) -> Microphone:
        """Raises NoSound."""
        try:
            import sounddevice
        except ImportError as error:
            raise NoSound(f"{error}; {INSTALL}") from error
        except OSError as error:  # the binding is there, the library it binds is not
            raise NoSound(f"{error}; install it with: apt-get install libportaudio2") from error
        try:
            sounddevice.check_input_settings(samplerate=RATE, channels=1, dtype="int16")
            sounddevice.check_output_settings(samplerate=RATE, channels=1, dtype="int16")
        except (sounddevice.PortAudioError, ValueError) as error:
            raise NoSound(
                f"no microphone and loudspeaker at {RATE} Hz ({error}); `python -m sounddevice` lists what there is"
            ) from error
        WebRtcCanceller(0)
        return cls(sounddevice, seconds)

    async def feed(self, session: Session) -> None:
        loop, blocks = asyncio.get_running_loop(), asyncio.Queue[bytes]()

        def on_block(captured: Any, playing: Any, _frames: int, _times: Any, _status: Any) -> None:
            assert self._duplex is not None
            out, clean = self._duplex.exchange(bytes(captured))
            playing[:] = out
            loop.call_soon_threadsafe(blocks.put_nowait, clean)

        stream = self._sound.RawStream(
            samplerate=RATE, blocksize=RATE * BLOCK_MS // 1000, channels=1, dtype="int16", callback=on_block
        )
        early_ns = max(0, session.timeline.zero_ns - time.monotonic_ns())
        delay_ms = round(1000 * sum(stream.latency))
        self._duplex = Duplex(WebRtcCanceller(delay_ms), starts=early_ns * RATE // (1000 * MS))
        with stream:
            await self._send(session, blocks)

    async def _send(self, session: Session, blocks: asyncio.Queue[bytes]) -> None:
        assert self._duplex is not None
        waiting, reported = bytearray(), 0
        while not session.ended and (self._seconds is None or len(self._sent) < 2 * RATE * self._seconds):
            waiting += await blocks.get()
            if len(waiting) < CHUNK_BYTES:
                continue
            session.send_audio(bytes(waiting))
            self._sent += waiting
            waiting.clear()
            played = self._duplex.player.played_samples
            if played - reported >= REPORT_SAMPLES:
                session.report_playback(played)
                reported = played

    def hear(self, turn: Turn) -> None:
        if turn.audio and self._duplex is not None:
            due, first_sample = turn.output_ms * RATE // 1000, turn.message.first_sample
            self._duplex.player.add(turn.audio, due=due, first_sample=first_sample, now=self._duplex.now)

    def sent(self) -> bytes:
        return bytes(self._sent)
