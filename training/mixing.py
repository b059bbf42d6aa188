"""Sound of a timeline: clips added in the mel-power domain, with room, microphone and noise, then cut into dMel codes.

Shapes: F frames, C mel channels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cluster.media.dmel import quantise
from training.clips import CONFIG, Clip
from training.timeline import FRAMES_PER_TURN, Timeline

Power = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How strongly a conversation is disturbed. `augment` False leaves the voices as they are and adds noise only."""

    augment: bool = True
    noise_db: tuple[float, float] = (-62.0, -26.0)


def render(rng: np.random.Generator, line: Timeline, room: Room) -> npt.NDArray[np.uint8]:
    """Codes [turns * 10, C]."""
    frames = line.turns * FRAMES_PER_TURN
    power_FC = np.zeros((frames, CONFIG.num_mels), np.float32)
    equaliser_C = _microphone(rng) if room.augment else np.ones(CONFIG.num_mels, np.float32)
    gain_db = rng.uniform(-9, 6) if room.augment else 0.0
    for placed in line.placed:
        end = min(placed.end, frames)
        if end <= placed.start:
            continue
        clip_FC = _bend(rng, placed.clip, placed.end - placed.start, room.augment)[: end - placed.start]
        power_FC[placed.start : end] += clip_FC * np.float32(
            10 ** ((gain_db + placed.gain_db + rng.uniform(-2, 2)) / 10)
        )
    power_FC *= equaliser_C
    if room.augment and rng.random() < 0.5:
        power_FC = _reverberate(power_FC, rng.uniform(0.05, 0.45))
    power_FC += _noise(rng, frames, room)
    codes_FC = quantise(power_FC, CONFIG)
    if room.augment and rng.random() < 0.2:
        _lose(rng, line, codes_FC)
    return codes_FC


def _bend(rng: np.random.Generator, clip: Clip, frames: int, augment: bool) -> Power:
    """A clip stretched to `frames`, spoken as by somebody else."""
    if not augment or rng.random() < 0.4:
        return clip.power()[_times(np.arange(frames) * (len(clip.mel) / frames), len(clip.mel))]
    # another rhythm: some parts of it slower, others faster
    pace = np.cumsum(rng.uniform(0.8, 1.25, 5))
    knots = np.concatenate([[0.0], pace / pace[-1]]) * len(clip.mel)
    source_F = np.interp(np.arange(frames) / frames, np.linspace(0, 1, 6), knots)
    return another_voice(rng, clip.power()[_times(source_F, len(clip.mel))])


def _times(source_F: npt.NDArray[np.float64], length: int) -> npt.NDArray[np.int64]:
    return np.minimum(source_F, length - 1).astype(np.int64)


def another_voice(rng: np.random.Generator, power_FC: Power) -> Power:
    """Other formants, timbre, harmonics and dynamics: what engines and people differ in, at the cost of a few sums."""
    channels = power_FC.shape[1]
    # the vocal tract: longer or shorter, and each formant moved a little by itself
    tract = rng.uniform(0.82, 1.22) * np.linspace(0, channels - 1, 6) + rng.uniform(-1.0, 1.0, 6)
    at_C = np.interp(np.arange(channels), np.linspace(0, channels - 1, 6), np.maximum.accumulate(tract))
    at_C = np.clip(at_C, 0, channels - 1.001)
    low_C = at_C.astype(np.int64)
    part_C = (at_C - low_C).astype(np.float32)
    power_FC = power_FC[:, low_C] * (1 - part_C) + power_FC[:, low_C + 1] * part_C
    if rng.random() < 0.5:  # harmonics smeared, as by a vocoder or a whisper
        side = np.float32(rng.uniform(0.05, 0.33))
        padded = np.pad(power_FC, ((0, 0), (1, 1)), mode="edge")
        power_FC = padded[:, 1:-1] * (1 - 2 * side) + (padded[:, :-2] + padded[:, 2:]) * side
    if rng.random() < 0.5:  # compressed or expanded dynamics
        peak = power_FC.max() + np.float32(1e-12)
        power_FC = peak * (power_FC / peak) ** np.float32(rng.uniform(0.78, 1.25))
    return power_FC * _curve(rng, 5.0)


def _curve(rng: np.random.Generator, depth_db: float) -> Power:
    """A smooth random equaliser over the channels, as factors of power."""
    knots = rng.uniform(-depth_db, depth_db, 6)
    db_C = np.interp(np.linspace(0, 5, CONFIG.num_mels), np.arange(6), knots)
    return (10 ** (db_C / 10)).astype(np.float32)


def _microphone(rng: np.random.Generator) -> Power:
    """An equaliser, now and then with the narrow band of a telephone or with a hole."""
    factor_C = _curve(rng, 5.0)
    if rng.random() < 0.12:
        factor_C[: int(rng.integers(1, 6))] *= np.float32(1e-3)
        factor_C[int(rng.integers(26, 36)) :] *= np.float32(1e-3)
    if rng.random() < 0.15:
        hole = int(rng.integers(0, CONFIG.num_mels - 5))
        factor_C[hole : hole + int(rng.integers(1, 5))] *= np.float32(1e-3)
    return factor_C


def _reverberate(power_FC: Power, decay: float) -> Power:
    wet_FC = power_FC.copy()
    for delay in range(1, 5):
        wet_FC[delay:] += power_FC[:-delay] * np.float32(decay**delay)
    return wet_FC


def _noise(rng: np.random.Generator, frames: int, room: Room) -> Power:
    """Gamma noise with a random colour that slowly swells; now and then a steady chord on top."""
    colour_C = _curve(rng, 8.0) * np.float32(10 ** (rng.uniform(*room.noise_db) / 10))
    swell_F = np.interp(np.arange(frames), np.arange(frames // 100 + 2) * 100, rng.uniform(-4, 4, frames // 100 + 2))
    noise_FC = rng.standard_gamma(2.0, (frames, CONFIG.num_mels), dtype=np.float32) * np.float32(0.5)
    noise_FC *= colour_C * (10 ** (swell_F / 10)).astype(np.float32)[:, None]
    if rng.random() < 0.15:
        start = int(rng.integers(frames))
        chord_C = np.zeros(CONFIG.num_mels, np.float32)
        chord_C[rng.integers(0, CONFIG.num_mels, 3)] = 10 ** (rng.uniform(-30, -10) / 10)
        noise_FC[start : start + int(rng.integers(20, 400))] += chord_C
    return noise_FC


def _lose(rng: np.random.Generator, line: Timeline, codes_FC: npt.NDArray[np.uint8]) -> None:
    """Media that never arrived, sealed as silence; where somebody speaks nothing is lost, for its labels would lie."""
    speech_K = np.zeros(line.turns, bool)
    for placed in line.placed:
        speech_K[placed.start // FRAMES_PER_TURN : placed.end // FRAMES_PER_TURN + 1] = True
    for k in rng.integers(0, line.turns, 4):
        length = int(rng.integers(1, 8))
        if not speech_K[k : k + length].any():
            codes_FC[k * FRAMES_PER_TURN : (k + length) * FRAMES_PER_TURN] = 0
