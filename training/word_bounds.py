"""Where the words of a spoken phrase begin, by aligning it with the same voice saying them one by one.

Dynamic time warping over log-mel frames of 10 ms. Shapes: F frames, C mel channels, A frames of the words in a row.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import soxr

from cluster.media.dmel import DMelConfig, mel_power

FRAME_MS = 10
_CONFIG = DMelConfig(hop=16 * FRAME_MS)
_RANGE_DB = 45.0  # what lies further below the loudest value is silence

Sound = npt.NDArray[np.float32]


def word_bounds(phrase: Sound, words: Sequence[Sound], rate: int) -> tuple[int, ...]:
    """The sample of `phrase` at which each of `words` begins; the first is 0."""
    parts = [_features(word, rate) for word in words]
    phrase_FC, words_AC = _features(phrase, rate), np.concatenate(parts)
    matched_F = _align(np.linalg.norm(phrase_FC[:, None] - words_AC[None], axis=2))
    ends = np.cumsum([len(part) for part in parts])
    # The first frame matched at or after a word's own first frame belongs to it.
    starts = [0, *(int(np.searchsorted(matched_F, end)) for end in ends[:-1])]
    return tuple(start * rate * FRAME_MS // 1000 for start in starts)


def _features(sound: Sound, rate: int) -> npt.NDArray[np.float64]:
    power_FC = mel_power(soxr.resample(sound, rate, _CONFIG.sample_rate), _CONFIG)
    db_FC = 10 * np.log10(power_FC + 1e-10)
    return np.maximum(db_FC - db_FC.max(), -_RANGE_DB)


def _align(cost_FA: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """For each frame of the phrase the last frame of the words on the cheapest monotonic path, [F]."""
    frames, others = cost_FA.shape
    total_FA = np.full((frames + 1, others + 1), np.inf)
    total_FA[0, 0] = 0.0
    for i in range(frames):
        for j in range(others):
            before = min(total_FA[i, j], total_FA[i, j + 1], total_FA[i + 1, j])
            total_FA[i + 1, j + 1] = cost_FA[i, j] + before
    matched_F = np.zeros(frames, np.int64)
    i, j = frames, others
    while i > 0:
        matched_F[i - 1] = max(matched_F[i - 1], j - 1)
        i, j = min(((i - 1, j - 1), (i - 1, j), (i, j - 1)), key=lambda at: total_FA[at])
    return matched_F
