"""Policies that hear the input but understand no word: they know when somebody stopped speaking."""

from __future__ import annotations

from evals.items import Item, Said
from evals.policies import PAUSE_S, REACTION_S, Heard, HearingPolicy, every, phrase_of, said_at, turns
from evals.timespeak.floors import TRAINED_MEDIAN_S


def policies(seed: int = 0) -> dict[str, HearingPolicy]:
    """seed is not used: nothing here is random."""
    return {"answers each turn (level)": answer_turns, "metronome from the first turn (level)": metronome}


def answer_turns(item: Item, heard: Heard) -> list[Said]:
    return said_at([span.to_s + PAUSE_S + REACTION_S for span in turns(heard)], phrase_of(item), item)


def metronome(item: Item, heard: Heard) -> list[Said]:
    """From the end of the first turn on."""
    spans = turns(heard)
    return every(spans[0].to_s, TRAINED_MEDIAN_S, item, phrase_of(item)) if spans else []
