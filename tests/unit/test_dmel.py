"""dMel features: causal frames, exact ends, the same codes whole or in pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.media.dmel import DMelConfig, DMelStream, dmel, from_s16, mel_filters, mel_power

CONFIG = DMelConfig()


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.05, samples).astype(np.float32)


def test_ten_frames_end_exactly_with_a_micro_turn() -> None:
    assert dmel(noise(3200), CONFIG).shape == (10, 40)
    assert dmel(noise(3199), CONFIG).shape == (9, 40)
    assert dmel(noise(0), CONFIG).shape == (0, 40)


def test_a_frame_never_depends_on_later_samples() -> None:
    whole, changed = noise(6400), noise(6400)
    changed[3200:] = 0.5
    assert (dmel(whole, CONFIG)[:10] == dmel(changed, CONFIG)[:10]).all()


def test_frame_i_is_the_window_that_ends_at_its_hop() -> None:
    clip = noise(3200)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    spectrum = np.fft.rfft(clip[320 * 6 - 400 : 320 * 6] * window, 512)
    expected = (np.abs(spectrum) ** 2 / 512) @ mel_filters(CONFIG)
    np.testing.assert_allclose(mel_power(clip, CONFIG)[5], expected, rtol=1e-10)


def test_digital_silence_is_code_zero_and_anything_too_loud_is_the_top_code() -> None:
    assert (dmel(np.zeros(3200, np.float32), CONFIG) == 0).all()
    codes = dmel(4 * np.sin(np.arange(3200, dtype=np.float32)), CONFIG)
    assert codes.max() == 15
    assert codes.dtype == np.uint8


def test_a_tone_peaks_in_its_own_band() -> None:
    tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000).astype(np.float32)
    power = mel_power(tone.astype(np.float32), CONFIG)[20]
    bin_1000 = round(1000 * 512 / 16000)
    assert power.argmax() == mel_filters(CONFIG)[bin_1000].argmax()


@pytest.mark.parametrize("step", [1, 319, 320, 321, 3200])
def test_pieces_of_any_size_give_the_codes_of_the_whole(step: int) -> None:
    clip = noise(7000, seed=3)
    stream = DMelStream(CONFIG)
    pieces = [stream.push(clip[start : start + step]) for start in range(0, len(clip), step)]
    assert (np.concatenate(pieces) == dmel(clip, CONFIG)).all()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 1500), max_size=12))
def test_any_cutting_into_pieces_gives_the_codes_of_the_whole(sizes: list[int]) -> None:
    clip = noise(sum(sizes), seed=5)
    stream = DMelStream(CONFIG)
    ends = np.cumsum(sizes)
    pieces = [stream.push(clip[end - size : end]) for size, end in zip(sizes, ends, strict=True)]
    codes = np.concatenate(pieces) if pieces else np.zeros((0, 40), np.uint8)
    assert (codes == dmel(clip, CONFIG)).all()


def test_pcm_is_scaled_to_one() -> None:
    assert from_s16(b"\x00\x80\xff\x7f").tolist() == pytest.approx([-1.0, 32767 / 32768])
