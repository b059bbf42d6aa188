"""How much moves between pictures, and how often: what a sighted baseline sees without knowing what it sees.

Shapes: F pictures, one for each micro-turn that had one.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image

from evals.media import Media

Signal = npt.NDArray[np.float64]
SIDE = 48
_STILL = 0.6  # mean difference of grey levels that shaking and noise make; less is rest


@lru_cache(maxsize=1)  # several baselines ask for that of one item after the other
def energy(media: Media) -> tuple[Signal, Signal]:
    """times_F, energy_F: mean absolute difference of small grey pictures, smoothed over three, above the quiet half."""
    times_F = np.array([at_s for at_s, _ in media.pictures])
    small = [
        np.asarray(Image.fromarray(each).convert("L").resize((SIDE, SIDE)), np.float64) for _, each in media.pictures
    ]
    if len(small) < 3:
        return times_F, np.zeros(len(small))
    moved_F = np.array([0.0, *(np.abs(b - a).mean() for a, b in pairwise(small))])
    smooth_F = np.convolve(moved_F, np.ones(3) / 3, mode="same")
    return times_F, np.maximum(0.0, smooth_F - np.quantile(smooth_F, 0.2) - _STILL)


def active(media: Media, after_s: float) -> tuple[float, float] | None:
    """From the first to the last motion after a time, or None."""
    times_F, energy_F = energy(media)
    loud = (energy_F > 0.25 * energy_F.max(initial=0.0)) & (energy_F > 0) & (times_F > after_s)
    moving = np.flatnonzero(loud)
    return (float(times_F[moving[0]]), float(times_F[moving[-1]])) if len(moving) else None


def bouts(media: Media, after_s: float, gap_s: float = 0.8) -> list[tuple[float, float]]:
    """Stretches of motion, merged over shorter gaps."""
    times_F, energy_F = energy(media)
    found: list[tuple[float, float]] = []
    for at in times_F[(energy_F > 0.2 * energy_F.max(initial=0.0)) & (energy_F > 0) & (times_F > after_s)]:
        if found and at - found[-1][1] <= gap_s:
            found[-1] = (found[-1][0], float(at))
        else:
            found.append((float(at), float(at)))
    return found


def period(media: Media, span: tuple[float, float], shortest_s: float = 0.7, longest_s: float = 4.5) -> float | None:
    """Of what repeats in a span, from the autocorrelation of a picture-wide signal; None where nothing does."""
    inside = [(at, picture) for at, picture in media.pictures if span[0] <= at <= span[1]]
    if len(inside) < 8:
        return None
    small = np.array(
        [np.asarray(Image.fromarray(each).convert("L").resize((24, 24)), np.float64) for _, each in inside]
    )
    flat = small.reshape(len(small), -1)
    flat -= flat.mean(axis=0)
    # The strongest component of what changes is where the body is in its repetition. Of F pictures it is an eigenvector
    # of an F by F matrix, which is far cheaper to decompose than they are.
    strengths_F, components = np.linalg.eigh(flat @ flat.T)
    signal = components[:, -1] * np.sqrt(max(0.0, strengths_F[-1]))
    step = (inside[-1][0] - inside[0][0]) / (len(inside) - 1)
    correlation = np.correlate(signal, signal, mode="full")[len(signal) - 1 :]
    correlation /= correlation[0] + 1e-12
    low, high = max(2, round(shortest_s / step)), min(len(correlation) - 2, round(longest_s / step))
    peaks = [
        lag
        for lag in range(low, high + 1)
        if correlation[lag] > 0.15 and correlation[lag] >= max(correlation[lag - 1], correlation[lag + 1])
    ]
    if not peaks:
        return None
    best = max(peaks, key=lambda lag: correlation[lag])
    return best * step
