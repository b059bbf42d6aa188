"""Drift: a client's clock that runs fast or slow never pushes its micro-turns out of bounds."""

from __future__ import annotations

import random
from itertools import count

import numpy as np
import pytest

from cluster.media.audio_track import AudioTrack, TurnAudio
from cluster.media.dmel import DMelConfig
from cluster.media.drift import MAX_PPM, Drift
from cluster.media.resample import TurnResampler
from cluster.media.spec import AudioFormat, Codec, MediaSpec

RATE, TURN = 16_000, 3_200
SECOND = 1_000_000_000


def captured_ns(sample: int, ppm: float) -> int:
    return int(sample * SECOND / RATE * (1 + ppm / 1e6))


def lateness_over(seconds: int, ppm: float, jitter_ms: float = 5.0, jump_ms: int = 0) -> tuple[list[float], list[int]]:
    """When the last sample of each micro-turn was captured, against its end on our clock (ms); what each took."""
    drift, chance = Drift(RATE, TURN), random.Random(7)
    cursor, sent = 0, 0
    lateness, took = [], []
    wanted = TURN
    for k in range(seconds * 5):
        late_ns = jump_ms * 1_000_000 if k > seconds * 5 // 3 else 0
        while sent < cursor + wanted:
            sent += 320
            drift.observe(sent, captured_ns(sent, ppm) + late_ns + int(chance.expovariate(1 / jitter_ms) * 1e6))
        lateness.append((captured_ns(cursor + wanted, ppm) + late_ns - (k + 1) * TURN * SECOND // RATE) / 1e6)
        took.append(wanted)
        cursor += wanted
        wanted = drift.next_turn()
    return lateness, took


@pytest.mark.parametrize("ppm", [200, -200])
def test_a_virtual_hour_at_200_ppm_stays_in_bounds(ppm: int) -> None:
    lateness, took = lateness_over(3600, ppm)
    assert max(abs(ms) for ms in lateness) < 15
    assert max(abs(samples - TURN) for samples in took) <= 1 + TURN * MAX_PPM // 1_000_000


HALF = 8_000  # Hz, of the track and of its features: half the work, the same path
SPEC = MediaSpec(
    dmel=DMelConfig(sample_rate=HALF, hop=160, window=200, fft=256, fmax=3_800),
    context_frames=5,
    vision_patch=0,
    vision_grid=0,
    video_in_max=0,
    text_in_max=4,
    prefix_max=64,
)


def cut_as_they_come(number: int, ppm: int, chunk_ms: int = 100) -> tuple[list[TurnAudio], list[float]]:
    """A track of noise, each micro-turn cut as soon as it can be; how long after its end on our clock (ms) that is."""
    track = AudioTrack(AudioFormat(codec=Codec.PCM_S16LE, rate=HALF), SPEC, start=0, window_ms=30, horizon_ms=2_200)
    size, chance = HALF * chunk_ms // 1000, random.Random(7)
    noise = np.random.default_rng(1).normal(0, 3_000, size).astype("<i2").tobytes()
    turns: list[TurnAudio] = []
    cut_ms: list[float] = []
    for end in count(size, size):
        now_ns = int(end * SECOND / HALF * (1 + ppm / 1e6)) + chance.randrange(5_000_000)
        assert track.take(end - size, noise, now_ns).outcome is None
        assert track.fill() == []
        while turn := track.cut():
            turns.append(turn)
            cut_ms.append(now_ns / 1e6 - 200 * len(turns))
            if len(turns) == number:
                return turns, cut_ms
    raise AssertionError("there is always one more chunk")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("ppm", [200, -200])
def test_a_virtual_hour_of_a_real_track_has_every_micro_turn_once_whole_and_none_slipped(ppm: int) -> None:
    turns, cut_ms = cut_as_they_come(18_000, ppm)
    assert min(cut_ms) > -15 and max(cut_ms) < 100 + 5 + 15  # a chunk, its jitter, what drift is left
    assert {turn.slip for turn in turns} == {0}
    assert {turn.samples for turn in turns} == {1_600, 1_600 - ppm // abs(ppm)}
    assert not any(turn.gap for turn in turns)
    assert {len(turn.codes) for turn in turns} == {15 * SPEC.dmel.num_mels}
    assert all(any(turn.codes[-SPEC.dmel.num_mels :]) for turn in turns)
    assert [turn.position for turn in turns] == list(np.cumsum([turn.samples for turn in turns]))


def test_a_client_on_our_own_clock_is_never_resampled() -> None:
    _, took = lateness_over(300, 0)
    assert set(took) == {TURN}


def test_a_client_a_micro_turn_late_for_good_gets_one_inserted() -> None:
    lateness, took = lateness_over(180, 0, jump_ms=250)
    assert took.count(0) == 1
    assert max(lateness[-50:]) < 120


def test_a_client_beyond_300_ppm_is_slipped_and_stays_within_a_micro_turn() -> None:
    lateness, took = lateness_over(1800, -600)
    assert 2 * TURN in took
    assert min(lateness) > -260


def test_stretched_micro_turns_keep_pitch_and_length() -> None:
    resampler = TurnResampler(RATE, RATE)
    sound = (0.3 * np.sin(2 * np.pi * 1000 * np.arange(RATE * 4) / RATE)).astype(np.float32)
    made, at = [], 0
    for index in range(15):
        samples = TURN + index % 2
        made.append(resampler.push(sound[at : at + samples]))
        at += samples
    assert {len(turn) for turn in made} == {TURN}
    heard = np.concatenate(made)[TURN * 2 : TURN * 12]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert abs(spectrum.argmax() / (len(heard) / RATE) - 1000) < 1
    jumps = np.abs(np.diff(heard))
    assert jumps.max() < 0.3 * 2 * np.pi * 1000 / RATE * 1.1
