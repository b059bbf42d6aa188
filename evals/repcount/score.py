"""RepCount-style: live counting, and the published rules with their ambiguities fixed.

live: repetition k is met by the number k with its onset in (end of k, + 1 s]; every other output counts against
precision. Published (off by one, exact, error): the last number with its onset after the end of the repetition before
the last one, and at most 3 s after the last. A clip without repetitions has no off-by-one: "one" would be right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from evals.items import Item, Outcome, Said, mean
from evals.matching import JOIN_S, voiced
from evals.numbers import number, say_count
from evals.repcount.build import TAIL_S

_TENS = frozenset(say_count(value) for value in range(20, 100, 10))
_UNITS = frozenset(say_count(value) for value in range(1, 10))
Spoken = tuple[float, int | None]


def numbers(said: Sequence[Said]) -> list[Spoken]:
    """(onset, value) of every number said, None for an output that is none. "twenty", "one" close together is 21."""
    words = [(each.onset_s, word) for each in voiced(said) for word in re.split(r"[\s-]+", each.text.lower().strip())]
    found: list[Spoken] = []
    index = 0
    while index < len(words):
        onset, word = words[index]
        index += 1
        if word in _TENS and index < len(words):
            next_onset, unit = words[index]
            if unit in _UNITS and next_onset - onset <= JOIN_S:
                word, index = f"{word} {unit}", index + 1
        found.append((onset, _value(word)))
    return found


def judge(item: Item, said: Sequence[Said]) -> Outcome:
    spoken, ends = numbers(said), [due.from_s for due in item.expect]
    if not ends:
        score, measures = float(not spoken), {"zero_clips": 1.0, "numbers_on_zero": float(len(spoken))}
        return Outcome.of(item, score, len(spoken), (), measures)
    lags = _live(item, spoken)
    f1 = 2 * len(lags) / (len(ends) + len(spoken))
    last = last_number(ends, spoken)
    off = abs((last or 0) - len(ends))
    measures = {
        "live_f1": f1,
        "live_recall": len(lags) / len(ends),
        "off_by_one": float(last is not None and off <= 1),
        "exact": float(last is not None and off == 0),
        "mae": off / (len(ends) + 0.1),
    }
    return Outcome.of(item, f1, len(spoken) - len(lags), lags, measures)


def last_number(ends: Sequence[float], spoken: Sequence[Spoken]) -> int | None:
    """By the onset, not by where the word ends."""
    since = ends[-2] if len(ends) > 1 else 0.0
    late = [value for onset, value in spoken if value is not None and since < onset <= ends[-1] + TAIL_S]
    return late[-1] if late else None


def summary(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """score: live F1 with clips without repetitions (right when silent). Off by one, exact, live F1: in per cent."""
    found = {"score": 100 * mean([each.score for each in outcomes])}
    for name in ("live_f1", "live_recall", "off_by_one", "exact"):
        found[name] = 100 * mean([each.measures[name] for each in outcomes if name in each.measures])
    found["mae"] = mean([each.measures["mae"] for each in outcomes if "mae" in each.measures])
    zero = [each.measures["numbers_on_zero"] for each in outcomes if "zero_clips" in each.measures]
    found["numbers_on_zero"] = mean(zero)
    found["zero_clips_silent"] = 100 * mean([float(count == 0) for count in zero])
    return found


def _live(item: Item, spoken: Sequence[Spoken]) -> tuple[float, ...]:
    free, lags = list(spoken), []
    for due in item.expect:
        wanted = number(due.text)
        for each in free:
            if each[1] == wanted and due.from_s <= each[0] <= due.to_s:
                free.remove(each)
                lags.append(round(each[0] - due.from_s, 3))
                break
    return tuple(lags)


def _value(word: str) -> int | None:
    try:
        return int(word) if word.isdigit() else number(word)
    except KeyError:
        return None
