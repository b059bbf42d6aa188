"""Policies that hear nothing. They are told the phrase and when the request ended, but not the time it asks for."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from evals.items import Item, Said
from evals.policies import REACTION_S, Policy, asked_at, every, phrase_of, said_at
from evals.timespeak.score import judge
from training import vocab

TRAINED_MEDIAN_S = statistics.median(vocab.ALL_TENTHS) / 10


def policies(items: Sequence[Item], seed: int = 0) -> dict[str, Policy]:
    """seed is not used: nothing here is random. The best constant is chosen on the labels themselves."""
    best = max(
        sorted({float(item.tags.get("n", "7")) for item in items if item.expect}),
        key=lambda n: sum(judge(item, _once(item, n)).score for item in items),
        default=TRAINED_MEDIAN_S,
    )
    return {
        "say it at once": lambda item: said_at([asked_at(item) + REACTION_S], phrase_of(item), item),
        "metronome at the median of training": lambda item: every(
            asked_at(item), TRAINED_MEDIAN_S, item, phrase_of(item)
        ),
        "once, after the median of training": lambda item: _once(item, TRAINED_MEDIAN_S),
        f"once, after the best constant ({best:g} s)": lambda item: _once(item, best),
    }


def _once(item: Item, after_s: float) -> list[Said]:
    return said_at([asked_at(item) + after_s], phrase_of(item), item)
