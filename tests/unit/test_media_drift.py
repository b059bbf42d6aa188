"""Drift: a client's clock that runs fast or slow never pushes its micro-turns out of bounds."""

from __future__ import annotations

import random

import numpy as np
import pytest

from cluster.media.drift import MAX_PPM, Drift
from cluster.media.resample import TurnResampler

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
