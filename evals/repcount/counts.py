"""How many repetitions, and when: counts from 1 to 40 of which no constant is within one often, and paces that vary."""

from __future__ import annotations

import functools
import math

import numpy as np

from evals.render.acting import Repetition

MOST = 40
_CAP = 0.045  # so that three neighbours hold less than 15 % of the clips
FASTEST_S, SLOWEST_S, LONGEST_S = 0.8, 4.2, 28.0
HALF = (0.30, 0.42)


@functools.cache
def shares() -> tuple[float, ...]:
    """Of the counts 1 to 40: log-uniform where that stays below a cap, the rest spread over the others."""
    weights = np.array([math.log((count + 1) / count) for count in range(1, MOST + 1)])
    share = weights / weights.sum()
    for _ in range(60):
        over = share > _CAP
        share[~over] *= (1 - _CAP * over.sum()) / share[~over].sum()
        share[over] = _CAP
    return tuple(share / share.sum())


def count_at(quantile: float) -> int:
    return int(np.searchsorted(np.cumsum(shares()), quantile % 1.0, side="right").clip(0, MOST - 1)) + 1


def repetitions(rng: np.random.Generator, count: int, start_s: float, halves: int = 0) -> tuple[Repetition, ...]:
    """count full ones and some half ones among them, jittered, drifting, with pauses now and then."""
    total = count + halves
    slowest = max(FASTEST_S * 1.05, min(SLOWEST_S, LONGEST_S / total))
    period = math.exp(rng.uniform(math.log(FASTEST_S), math.log(slowest)))
    drift, fade = rng.uniform(-0.2, 0.2), rng.uniform(0.0, 0.2)
    half = set(rng.choice(total - 1, halves, replace=False).tolist()) if halves and total > 1 else set()
    pauses = set(rng.integers(0, total, 2).tolist()) if rng.random() < 0.3 and 2 < total < 25 else set()
    found, at = [], start_s
    for index in range(total):
        length = max(FASTEST_S * 0.9, period * (1 + drift * index / total) * rng.uniform(0.88, 1.12))
        depth = rng.uniform(*HALF) if index in half else 1.0 - fade * index / total
        found.append(Repetition(start_s=at, end_s=at + length, depth=float(depth), skew=float(rng.uniform(0.82, 1.2))))
        at += length + (rng.uniform(0.6, 2.2) if index in pauses else 0.0)
    return tuple(found)


def full(parts: tuple[Repetition, ...]) -> list[Repetition]:
    return [each for each in parts if each.depth > 0.5]
