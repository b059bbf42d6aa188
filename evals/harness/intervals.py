"""Confidence intervals by bootstrap over items, seeded: the same outcomes give the same interval. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

ROUNDS = 1_000
SEED = 20_261_127
T = TypeVar("T")
Interval = tuple[float, float]


def bootstrap(
    samples: Sequence[T], statistic: Callable[[Sequence[T]], float], *, rounds: int = ROUNDS, seed: int = SEED
) -> Interval | None:
    """95 % of the values that `statistic` takes on items drawn with replacement. None for no items."""
    if not samples:
        return None
    rng = np.random.default_rng(seed)
    count = len(samples)
    values = [statistic([samples[i] for i in rng.integers(count, size=count)]) for _ in range(rounds)]
    return _middle(np.asarray(values))


def bootstrap_mean(values: Sequence[float], *, rounds: int = ROUNDS, seed: int = SEED) -> Interval | None:
    """The same for a mean, at once."""
    if not len(values):
        return None
    rng, values_N = np.random.default_rng(seed), np.asarray(values, dtype=float)
    drawn_RN = rng.integers(len(values_N), size=(rounds, len(values_N)))
    return _middle(values_N[drawn_RN].mean(axis=1))


def _middle(values_R: np.ndarray) -> Interval:
    low, high = np.percentile(values_R, (2.5, 97.5))
    return round(float(low), 2), round(float(high), 2)
