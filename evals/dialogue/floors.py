"""Policies that hear nothing: the commonest answer to everything, counting on and on, a murmur at each pause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from evals.dialogue.score import COUNT_S
from evals.items import Item, Said
from evals.numbers import say_count
from evals.policies import REACTION_S, Policy, asked_at, said_at


def policies(items: Sequence[Item], seed: int = 0) -> dict[str, Policy]:
    """They are told when the request ended. seed is not used: nothing here is random."""
    answers = Counter(item.expect[0].text for item in items if item.tags["family"] == "question" and item.expect)
    commonest = answers.most_common(1)[0][0] if answers else "one moment"
    return {
        f"always “{commonest}”": lambda item: said_at([asked_at(item) + REACTION_S], commonest, item),
        "delegates everything": lambda item: _delegate(item),
        "counts whatever is asked": lambda item: count(item, asked_at(item) + REACTION_S),
        "a murmur at each pause": lambda item: said_at(
            [event.t_s - 0.2 for event in item.events[1:] if event.kind != "request end"], "yes", item
        ),
    }


def count(item: Item, from_s: float, until_s: float = 1e9) -> list[Said]:
    """One number every 0.6 s up to twenty; none begins at or after `until_s`."""
    numbers = (Said(onset_s=from_s + COUNT_S * index, text=say_count(index + 1)) for index in range(20))
    return [each for each in numbers if each.onset_s < min(item.duration_s, until_s)]


def _delegate(item: Item) -> list[Said]:
    at = asked_at(item) + REACTION_S
    return [Said(onset_s=at, text="<delegate>"), Said(onset_s=at, text="one moment")]
