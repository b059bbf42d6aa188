"""Policies that hear nothing. They are told the answer, how often cues come and where pauses are, but not the cue."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from evals.items import Item, Said
from evals.numbers import say_count
from evals.policies import REACTION_S, Policy, asked_at, phrase_of, said_at
from training import vocab

_UTTERANCES = ("speech", "cue lead", "near miss")


def policies(items: Sequence[Item], seed: int = 0) -> dict[str, Policy]:
    seconds = sum(item.duration_s - asked_at(item) for item in items)
    rate = sum(len(item.expect) for item in items) / max(seconds, 1e-9)

    def moments(item: Item) -> list[float]:
        rng = np.random.default_rng([seed, zlib.crc32(item.id.encode())])
        length = item.duration_s - asked_at(item)
        return sorted(asked_at(item) + rng.uniform(0, length, rng.poisson(rate * length)))

    def random_words(item: Item) -> list[Said]:
        rng = np.random.default_rng([seed, 1, zlib.crc32(item.id.encode())])
        return [Said(onset_s=at, text=str(rng.choice(vocab.HELD_OUT_PHRASES))) for at in moments(item)]

    return {
        "a random phrase at the rate of cues": random_words,
        "the answer at the rate of cues": lambda item: answers(moments(item), item),
        "the answer at each pause": lambda item: answers(
            [event.t_s + REACTION_S for event in item.events if event.kind in _UTTERANCES], item
        ),
        "say it at once": lambda item: answers([asked_at(item) + REACTION_S], item),
    }


def answers(moments: Sequence[float], item: Item) -> list[Said]:
    """The answer at each moment; where it counts, the next number."""
    if item.tags.get("family", "").startswith("count"):
        counted = (Said(onset_s=at, text=say_count(index + 1)) for index, at in enumerate(moments) if index < 99)
        return [each for each in counted if each.onset_s < item.duration_s]
    return said_at(moments, phrase_of(item), item)
