"""A policy that hears the input but understands no word: a turn-taker."""

from __future__ import annotations

from evals.cuespeak.floors import answers
from evals.items import Item, Said
from evals.policies import PAUSE_S, REACTION_S, Heard, HearingPolicy, turns


def policies(seed: int = 0) -> dict[str, HearingPolicy]:
    """seed is not used: nothing here is random."""
    return {"answers each turn (level)": answer_turns}


def answer_turns(item: Item, heard: Heard) -> list[Said]:
    """After every turn but the first, which is the request."""
    return answers([span.to_s + PAUSE_S + REACTION_S for span in turns(heard)][1:], item)
