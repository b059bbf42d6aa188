"""Confidence intervals by bootstrap over items, seeded: the same outcomes give the same interval. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    return bootstrap_each(samples, lambda drawn: {"": statistic(drawn)}, rounds=rounds, seed=seed).get("")


def bootstrap_each(
    samples: Sequence[T], statistics: Callable[[Sequence[T]], Mapping[str, float]], *, rounds: int, seed: int = SEED
) -> dict[str, Interval]:
    """The same of several figures at once. A draw in which nothing stands to be counted tells nothing of a figure."""
    if not samples:
        return {}
    rng = np.random.default_rng(seed)
    count = len(samples)
    values: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, value in statistics([samples[i] for i in rng.integers(count, size=count)]).items():
            values.setdefault(name, []).append(value)
    return {name: _middle(np.asarray(drawn)) for name, drawn in values.items()}


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
