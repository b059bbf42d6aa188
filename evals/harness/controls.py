"""What every report must hold beside a score: policies that listen to nothing, and one that knows all the answers."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence

from cluster.types import MICRO_TURN_MS
from evals.harness.heard import TURN_S, slot_s
from evals.harness.names import Named, Policy
from evals.harness.scoring import sample
from evals.items import Item, Said

WORD_S = 0.4  # about what one word of the voice takes
TALK_S = 0.6  # always-talk begins a word as soon as it has ended one
DELAYS = (1, 2, 5)  # ticks
ORACLE = "oracle"
ZEROED_OF_A_FAMILY = 2
TRIVIAL = ("silence", "always_talk", "metronome")
FALLBACK = "hello"


def controls(name: Named, items: Sequence[Item]) -> dict[str, Policy]:
    answers = Counter(due.text for item in items for due in item.expect if not due.text.startswith("<"))
    commonest = answers.most_common(1)[0][0] if answers else FALLBACK
    gaps = [b.from_s - a.from_s for item in items for a, b in zip(item.expect, item.expect[1:], strict=False)]
    interval_s = max(TALK_S, statistics.median(gaps)) if gaps else 4.0
    found: dict[str, Policy] = {
        "silence": lambda item: [],
        "always_talk": lambda item: _beats(item, commonest, TALK_S),
        "metronome": lambda item: _beats(item, commonest, interval_s),
        ORACLE: lambda item: oracle(name, item, 0),
    }
    for ticks in DELAYS:
        found[f"{ORACLE}_delayed_{ticks}"] = lambda item, ticks=ticks: oracle(name, item, ticks)
    return found


def for_zeroed(items: Sequence[Item]) -> list[Item]:
    """What is tried with weights of zero: about two items for each family, the families having their shares. Whatever
    made a model of nothing speak would do so in any of them.
    """
    return sample(items, ZEROED_OF_A_FAMILY * len({item.tags.get("family", "") for item in items}))


def oracle(name: Named, item: Item, delay_ticks: int) -> list[Said]:
    """Reads the labels: each answer in the first output slot that its window allows, or the one nearest to its middle
    where a moment was asked for. Where no words are due but speech is, it speaks from such a slot to the end of that.
    """
    said = []
    for due in item.expect:
        if name.centred(item):
            k = round(((due.from_s + due.to_s) / 2 - slot_s(0)) / TURN_S)
        else:
            k = math.floor((due.from_s - slot_s(0)) / TURN_S) + 1
        said.append(_at(slot_s(k + delay_ticks), due.text))
    for stretch in name.speaks(item):
        k = max(0, math.floor((stretch.from_s - slot_s(0)) / TURN_S) + 1) + delay_ticks
        end_s = stretch.to_s + TURN_S * delay_ticks
        if slot_s(k) < end_s:
            said.append(Said(onset_s=round(slot_s(k), 4), text=FALLBACK, end_s=round(end_s, 4)))
    return [each for each in said if each.onset_s < item.duration_s + MICRO_TURN_MS / 1000]


def _beats(item: Item, text: str, interval_s: float) -> list[Said]:
    first = slot_s(0)
    count = max(0, math.ceil((item.duration_s - first) / interval_s))
    return [_at(first + interval_s * index, text) for index in range(count)]


def _at(onset_s: float, text: str) -> Said:
    words = 0 if text.startswith("<") else len(text.split())
    return Said(onset_s=round(onset_s, 4), text=text, end_s=round(onset_s + WORD_S * words, 4))
