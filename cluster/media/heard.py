"""What the microphone heard, for agents to listen to later: the kept timeline as Opus, and as a file to play.

Sample s is media time, as the model heard it: late, lost and stretched media stand where they stood for the model.
Measured at 100 ms a packet, complexity 0 and 24 kb/s of CELT: 0.2 ms of CPU a micro-turn, 2.6 KB a second of speech;
as for a voice (SILK, complexity 10, 20 ms) it was 1.7 ms. Shapes: N samples in [-1, 1].
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import numpy as np

from cluster.media.dmel import Samples
from cluster.media.encode import OpusEncoder, OpusTuning, Pcm
from cluster.types import MICRO_TURN_MS

HEARD_HZ = 16_000
_PACKET_MS = 100
_TUNING = OpusTuning(packet_ms=_PACKET_MS, application="audio", bit_rate=24_000, complexity=0)


class HeardEncoder:
    """Micro-turns in order, of which some may miss. feature_hz: of their samples."""

    def __init__(self, feature_hz: int) -> None:
        self._opus = OpusEncoder(feature_hz, HEARD_HZ, _TUNING)

    def encode(self, turns: Iterable[Samples]) -> bytes:
        """Packets of some micro-turns, each after its length in two bytes."""
        return b"".join(self._opus.encode(_s16(turn_N)) for turn_N in turns)


def ogg(pieces: Iterable[tuple[int, bytes]]) -> bytes:
    """A file to play of [(first micro-turn, packets)], of one or more. Its times are media time.

    Gaps are silence, for players do not keep them; what is there twice is taken once.
    """
    out = io.BytesIO()
    with av.open(out, "w", format="ogg", options={"fflags": "bitexact"}) as file:  # the same bytes for the same pieces
        stream = file.add_stream("libopus", rate=HEARD_HZ, layout="mono", format="s16")
        stream.codec_context.open()
        for at_ms, data in _in_order(pieces):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.pts = packet.dts = at_ms
            packet.duration = _PACKET_MS
            file.mux(packet)
    return out.getvalue()


def _in_order(pieces: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """(milliseconds of media time, packet), without a gap."""
    silence = next(_packets(HeardEncoder(HEARD_HZ).encode([np.zeros(HEARD_HZ * MICRO_TURN_MS // 1000, np.float32)])))
    next_ms: int | None = None
    for k, opus in sorted(pieces):
        at_ms = k * MICRO_TURN_MS
        for gap_ms in range(at_ms if next_ms is None else next_ms, at_ms, _PACKET_MS):
            yield gap_ms, silence
        for data in _packets(opus):
            if next_ms is None or at_ms >= next_ms:
                yield at_ms, data
                next_ms = at_ms + _PACKET_MS
            at_ms += _PACKET_MS


def _packets(opus: bytes) -> Iterator[bytes]:
    while opus:
        (length,) = struct.unpack_from(">H", opus)
        yield opus[2 : 2 + length]
        opus = opus[2 + length :]


def _s16(samples_N: Samples) -> Pcm:
    """Resampling may overshoot a little."""
    return np.round(np.clip(samples_N, -1, 1) * 32767).astype(np.int16)
