"""What a microphone heard, as Opus: it lies where the model heard it, whatever is missing or there twice."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from cluster.media.heard import HeardEncoder, ogg

TURN = 3_200  # samples at 16 kHz


def tone(k: int, hz: int = 16_000) -> np.ndarray:
    """Micro-turn k of a tone that stands in every third micro-turn."""
    at_N = np.arange(hz // 5) / hz
    return (0.3 * np.sin(2 * np.pi * 440 * at_N) * (k % 3 == 0)).astype(np.float32)


def packets(file: bytes) -> list[tuple[float, bytes]]:
    """(seconds, packet)."""
    with av.open(io.BytesIO(file)) as opened:
        return [(float(packet.pts * packet.time_base), bytes(packet)) for packet in opened.demux() if packet.size]


def sound(file: bytes) -> np.ndarray:
    with av.open(io.BytesIO(file)) as opened:
        return np.concatenate([frame.to_ndarray()[0] for frame in opened.decode(audio=0)])


@pytest.mark.parametrize("feature_hz", [16_000, 22_050])
def test_each_micro_turn_sounds_where_it_was_heard(feature_hz: int) -> None:
    encoder = HeardEncoder(feature_hz)
    pieces = [(k, encoder.encode([tone(k + i, feature_hz) for i in range(5)])) for k in (0, 5)]
    heard_N = sound(ogg(pieces))
    loudness = [
        np.sqrt(np.mean(turn_N[1_000:-1_000] ** 2)) for turn_N in np.array_split(np.resize(heard_N, 96_000), 10)
    ]
    assert [level > 0.1 for level in loudness] == [k % 3 == 0 for k in range(10)]
    assert sum(len(opus) for _, opus in pieces) < 8_000  # 2 s


def test_a_gap_is_silence_and_what_is_there_twice_is_taken_once() -> None:
    first, second = HeardEncoder(16_000), HeardEncoder(16_000)
    pieces = [(1_000, first.encode([tone(0)] * 5)), (1_010, first.encode([tone(0)] * 5))]
    again = (1_013, second.encode([tone(0)] * 3))  # a client that came back gave two of them again
    file = ogg([*pieces, again])
    assert [round(at, 3) for at, _ in packets(file)] == [200 + i / 10 for i in range(32)]
    levels = [np.abs(turn_N[1_000:-1_000]).max() > 0.1 for turn_N in np.split(np.resize(sound(file), 16 * 9_600), 16)]
    assert levels == [True] * 5 + [False] * 5 + [True] * 6
    assert ogg(pieces) == ogg(pieces)


def test_samples_beyond_full_scale_are_cut_off_and_do_not_wrap() -> None:
    encoder = HeardEncoder(16_000)
    loud_N = np.full(TURN, 1.2, np.float32)
    assert sound(ogg([(0, encoder.encode([loud_N] * 5))]))[2_000:4_000].min() > 0
