"""Policies that see and hear nothing, tuned on the labels of the very set."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evals.items import Item, Said
from evals.numbers import say_count
from evals.repcount.score import judge, summary

Policy = Callable[[Item], list[Said]]
_PERIODS_S = (0.8, 1.0, 1.3, 1.7, 2.2, 3.0)
_STARTS_S = (5.0, 6.0, 7.0)


def policies(items: Sequence[Item], seed: int) -> dict[str, Policy]:
    """seed: unused here; nothing is drawn."""
    constants = {count: _constant(count) for count in range(1, 41)}
    metronomes = {(start, step): _metronome(start, step) for start in _STARTS_S for step in _PERIODS_S}
    return {
        "silence": lambda item: [],
        "best constant": constants[max(constants, key=lambda count: _score(items, constants[count], "off_by_one"))],
        "best metronome": metronomes[max(metronomes, key=lambda each: _score(items, metronomes[each], "live_f1"))],
    }


def _constant(count: int) -> Policy:
    """One number, at the end of every clip: what the published rule cannot tell from counting."""
    return lambda item: [Said(onset_s=max(0.0, item.duration_s - 1.5), text=say_count(count))]


def _metronome(start_s: float, step_s: float) -> Policy:
    def count(item: Item) -> list[Said]:
        times = range(1, min(40, int((item.duration_s - 2.0 - start_s) / step_s) + 1) + 1)
        return [Said(onset_s=start_s + (index - 1) * step_s, text=say_count(index)) for index in times]

    return count


def _score(items: Sequence[Item], policy: Policy, name: str) -> float:
    return summary([judge(item, policy(item)) for item in items])[name]
