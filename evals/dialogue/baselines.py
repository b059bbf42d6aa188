"""Turn-takers that hear when somebody speaks, but no word: one counts and yields to any sound, one just answers."""

from __future__ import annotations

from evals.dialogue.floors import count
from evals.items import Item, Said
from evals.policies import PAUSE_S, REACTION_S, Heard, HearingPolicy, said_at, turns


def policies(seed: int = 0) -> dict[str, HearingPolicy]:
    """seed is not used: nothing here is random."""
    return {"counts and yields to any sound (level)": counter, "answers each turn (level)": answerer}


def counter(item: Item, heard: Heard) -> list[Said]:
    spans = turns(heard)
    until = spans[1].from_s + REACTION_S if len(spans) > 1 else item.duration_s
    return count(item, spans[0].to_s + PAUSE_S + REACTION_S, until) if spans else []


def answerer(item: Item, heard: Heard) -> list[Said]:
    return said_at([span.to_s + PAUSE_S + REACTION_S for span in turns(heard)], "one moment", item)
