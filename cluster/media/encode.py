"""The voice in a client's codec. A block is one micro-turn of sound; blocks of one utterance follow on each other.

Opus: packets, each after its length in two bytes, big-endian. Shapes: N samples, int16.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Protocol

import av
import numpy as np
import numpy.typing as npt

from cluster.media.spec import AudioFormat, Codec
from cluster.types import MICRO_TURN_MS

Pcm = npt.NDArray[np.int16]
_RATE_DELAY = 64  # output samples; twice the longest delay of swresample measured


@dataclass(frozen=True, slots=True, kw_only=True)
class OpusTuning:
    """bit_rate 0: libopus decides. complexity: 0..10, what it may cost."""

    packet_ms: int = 20
    application: str = "voip"
    bit_rate: int = 0
    complexity: int = 10


class Encoder(Protocol):
    def encode(self, voice_N: Pcm) -> bytes:
        """One micro-turn of the voice; returns one micro-turn of the client's track."""


def make_encoder(voice_hz: int, track: AudioFormat) -> Encoder:
    return OpusEncoder(voice_hz, track.rate) if track.codec is Codec.OPUS else PcmEncoder(voice_hz, track.rate)


class PcmEncoder:
    def __init__(self, voice_hz: int, client_hz: int) -> None:
        self._voice_hz, self._wanted = voice_hz, client_hz * MICRO_TURN_MS // 1000
        self._convert = None
        if voice_hz != client_hz:
            self._convert = av.AudioResampler(format="s16", layout="mono", rate=client_hz)
        self._held_N: Pcm = np.zeros(_RATE_DELAY, np.int16)

    def encode(self, voice_N: Pcm) -> bytes:
        return self.convert(voice_N).astype("<i2").tobytes()

    def convert(self, voice_N: Pcm) -> Pcm:
        """[N] at the client's rate, exactly one micro-turn."""
        if self._convert is None:
            return voice_N
        frame = _frame(voice_N, self._voice_hz)
        made = [made.to_ndarray()[0] for made in self._convert.resample(frame)]
        held_N = np.concatenate([self._held_N, *made])
        self._held_N = held_N[self._wanted :]
        return held_N[: self._wanted]


class OpusEncoder:
    def __init__(self, voice_hz: int, client_hz: int, tuning: OpusTuning = OpusTuning()) -> None:
        self._pcm = PcmEncoder(voice_hz, client_hz)
        self._hz, self._packet = client_hz, client_hz * tuning.packet_ms // 1000
        codec = av.CodecContext.create("libopus", "w")
        assert isinstance(codec, av.AudioCodecContext)
        codec.sample_rate, codec.layout, codec.format = client_hz, "mono", "s16"
        codec.options = {
            "frame_duration": str(tuning.packet_ms),
            "application": tuning.application,
            "compression_level": str(tuning.complexity),
        }
        if tuning.bit_rate:
            codec.bit_rate = tuning.bit_rate
        self._codec = codec

    def encode(self, voice_N: Pcm) -> bytes:
        client_N = self._pcm.convert(voice_N)
        pieces = (client_N[at : at + self._packet] for at in range(0, len(client_N), self._packet))
        packets = [bytes(packet) for piece in pieces for packet in self._codec.encode(_frame(piece, self._hz))]
        return b"".join(struct.pack(">H", len(packet)) + packet for packet in packets)


def _frame(samples_N: Pcm, rate: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples_N)[None, :], format="s16", layout="mono")
    frame.sample_rate = rate
    return frame
