"""dMel: audio as small integers. A log-mel spectrum, each value cut into one of a few levels.

Frame *i* is the `window` samples that end at sample `hop * (i + 1)`, zeros before the start, so that frames never
look ahead and ten of them end exactly with their micro-turn. Follows dMel (Bai et al. 2024, arXiv:2407.15835).
Shapes: F frames, C mel channels, B FFT bins, N samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint8]

_FLOOR_POWER = 1e-10
_BLOCK_FRAMES = 1000  # bounds the memory of a long clip; 20 s at the default hop


@dataclass(frozen=True, slots=True, kw_only=True)
class DMelConfig:
    """What features need of the `audio` section of a checkpoint's config.json. Frequencies in Hz, levels in dB."""

    sample_rate: int = 16000
    num_mels: int = 40
    hop: int = 320
    window: int = 400
    fft: int = 512
    fmin: float = 60.0
    fmax: float = 7600.0
    db_min: float = -42.0
    db_step: float = 4.0
    levels: int = 16


@cache
def mel_filters(config: DMelConfig) -> npt.NDArray[np.float64]:
    """Triangles with peak 1, equally spaced on the HTK mel scale. Shape [B, C] with B = fft / 2 + 1."""
    edges_mel = np.linspace(_hz_to_mel(config.fmin), _hz_to_mel(config.fmax), config.num_mels + 2)
    edges_hz = 700.0 * (10.0 ** (edges_mel / 2595.0) - 1.0)
    low, peak, high = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    bins_hz = np.arange(config.fft // 2 + 1)[:, None] * (config.sample_rate / config.fft)
    rising, falling = (bins_hz - low) / (peak - low), (high - bins_hz) / (high - peak)
    return np.maximum(0.0, np.minimum(rising, falling))


def mel_power(samples_N: Samples, config: DMelConfig) -> npt.NDArray[np.float64]:
    """Mel power of every full frame of a clip that starts in silence. Returns [N // hop, C]."""
    frames = len(samples_N) // config.hop
    history = np.zeros(config.window - config.hop, dtype=np.float32)
    return _frame_power(np.concatenate([history, samples_N]), frames, config)


def quantise(power_FC: npt.NDArray[np.float64], config: DMelConfig) -> Codes:
    """Mel power to codes 0..levels-1, same shape."""
    db_FC = 10.0 * np.log10(power_FC + _FLOOR_POWER)
    return np.clip(np.floor((db_FC - config.db_min) / config.db_step), 0, config.levels - 1).astype(np.uint8)


def dmel(samples_N: Samples, config: DMelConfig) -> Codes:
    """Codes of a whole clip in [-1, 1]. Returns [N // hop, C]; a rest shorter than a hop is left out."""
    return quantise(mel_power(samples_N, config), config)


class DMelStream:
    """The same codes from samples that arrive in pieces of any size."""

    def __init__(self, config: DMelConfig) -> None:
        self._config = config
        self._rest = np.zeros(config.window - config.hop, dtype=np.float32)

    def push(self, samples_N: Samples) -> Codes:
        """Codes of the frames that these samples complete: [F, C], F may be 0."""
        config = self._config
        history = config.window - config.hop
        pending = np.concatenate([self._rest, samples_N])
        frames = (len(pending) - history) // config.hop
        self._rest = pending[frames * config.hop :]
        return quantise(_frame_power(pending, frames, config), config)


def from_s16(pcm: bytes) -> Samples:
    """Little-endian 16-bit PCM to [-1, 1)."""
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(32768)


def _frame_power(samples_N: Samples, frames: int, config: DMelConfig) -> npt.NDArray[np.float64]:
    """Mel power of `frames` windows, the first of which starts at sample 0."""
    out_FC = np.empty((frames, config.num_mels))
    if frames == 0:
        return out_FC
    window = _hann(config.window)
    windows_FW = np.lib.stride_tricks.sliding_window_view(samples_N, config.window)[:: config.hop][:frames]
    for start in range(0, frames, _BLOCK_FRAMES):
        spectrum_FB = np.fft.rfft(windows_FW[start : start + _BLOCK_FRAMES] * window, config.fft)
        power_FB = (spectrum_FB.real**2 + spectrum_FB.imag**2) / config.fft
        out_FC[start : start + _BLOCK_FRAMES] = power_FB @ mel_filters(config)
    return out_FC


@cache
def _hann(length: int) -> npt.NDArray[np.float64]:
    """Periodic Hann window."""
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length)


def _hz_to_mel(hz: float) -> float:
    return float(2595.0 * np.log10(1.0 + hz / 700.0))
