"""Payloads of a client's audio track to mono samples. PyAV (libopus) does the work.

Shapes: N samples of the timeline, float32 in [-1, 1).
"""

from __future__ import annotations

from typing import Protocol

import av

from cluster.errors import MediaError
from cluster.media.dmel import Samples, from_s16
from cluster.media.spec import MAX_CHUNK_BYTES, MAX_CHUNK_MS, OPUS_DECODED_HZ, AudioFormat, Codec

_FIELD = "audio.data"
_OPUS_MAX_MS = 120
# RFC 6716, section 3.1, table 2: frame length in units of 2.5 ms by the `config` of a packet's first byte.
_SILK, _HYBRID, _CELT = (4, 8, 16, 24), (4, 8), (1, 2, 4, 8)
_OPUS_FRAME_QUARTERS = _SILK * 3 + _HYBRID * 2 + _CELT * 4


class Decoder(Protocol):
    def samples(self, data: bytes) -> int:
        """How long the payload is on the timeline, before it is decoded. Raises MediaError."""

    def decode(self, data: bytes) -> Samples:
        """Exactly `samples(data)` samples. Raises MediaError; the next payload can still be decoded."""


def make_decoder(track: AudioFormat) -> Decoder:
    return OpusDecoder() if track.codec is Codec.OPUS else PcmDecoder(track)


class PcmDecoder:
    """Interleaved little-endian 16-bit samples; two channels are averaged."""

    def __init__(self, track: AudioFormat) -> None:
        self._track = track

    def samples(self, data: bytes) -> int:
        _check_size(data)
        frame_bytes = 2 * self._track.channels
        if len(data) % frame_bytes:
            raise MediaError(_FIELD, f"{len(data)} bytes are no whole samples of {frame_bytes} bytes; send whole ones")
        samples = len(data) // frame_bytes
        if samples * 1000 > MAX_CHUNK_MS * self._track.rate:
            raise MediaError(_FIELD, f"{samples * 1000 // self._track.rate} ms exceed {MAX_CHUNK_MS} ms; send less")
        return samples

    def decode(self, data: bytes) -> Samples:
        pcm = from_s16(data)
        return pcm if self._track.channels == 1 else pcm.reshape(-1, 2).mean(axis=1)


class OpusDecoder:
    """One packet per payload, decoded at 48 kHz; libopus mixes two channels down."""

    def __init__(self) -> None:
        self._codec = _open_decoder()

    def samples(self, data: bytes) -> int:
        _check_size(data)
        quarters = _OPUS_FRAME_QUARTERS[data[0] >> 3] * _opus_frames(data)
        if not 0 < quarters <= _OPUS_MAX_MS * 2 // 5:
            raise MediaError(
                _FIELD, f"the Opus packet claims {quarters * 5 / 2} ms; 2.5 to {_OPUS_MAX_MS} ms are valid"
            )
        return quarters * OPUS_DECODED_HZ // 400

    def decode(self, data: bytes) -> Samples:
        try:
            frames = self._codec.decode(av.Packet(data))
        except av.FFmpegError as error:
            self._codec = _open_decoder()
            raise MediaError(_FIELD, f"undecodable Opus packet ({error.strerror}); it is skipped") from error
        pcm = b"".join(frame.to_ndarray().tobytes() for frame in frames)
        decoded_N = from_s16(pcm)
        if len(decoded_N) != (expected := self.samples(data)):
            raise MediaError(_FIELD, f"the Opus packet holds {len(decoded_N)} samples and claims {expected}; skipped")
        return decoded_N


def _check_size(data: bytes) -> None:
    if not data:
        raise MediaError(_FIELD, "is empty; send at least one sample or packet")
    if len(data) > MAX_CHUNK_BYTES:
        raise MediaError(_FIELD, f"{len(data)} bytes exceed {MAX_CHUNK_BYTES}; send smaller chunks")


def _opus_frames(data: bytes) -> int:
    """RFC 6716, section 3.2: the frame count code in the lowest two bits."""
    code = data[0] & 3
    if code < 3:
        return 1 if code == 0 else 2
    return data[1] & 0x3F if len(data) > 1 else 0


def _open_decoder() -> av.AudioCodecContext:
    codec = av.CodecContext.create("libopus", "r")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate, codec.layout = OPUS_DECODED_HZ, "mono"
    return codec
