"""ProactiveVideoQA-style: PAUC, by rule instead of a judge, and guarded against those who always talk.

One turn with the window [a, b], outputs at t_1 … t_P in it and scores s_p in {0, 1, 2} of all that was said in it so
far: t' = a + (1 - w)(t - a); PAUC = ((t'_1 - a) 0.5 + Σ (t'_(p+1) - t'_p) s_p + (b - t'_P) s_P) / 2 (b - a). Silence
has 0.25. s = 2: every key word said and none contradicted; 1: some of them; 0: none, or a contradiction.

As published, whatever is said outside all windows costs nothing, so that naming the thing asked for once a second would
win. The headline is guarded: a turn is worth 0 when something was claimed falsely in the stretch that belongs to it,
from the end of the window before to the end of its own, for the last turn to the end of the item.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from evals.items import Expect, Item, Outcome, Said, mean
from evals.matching import voiced
from evals.render.shapes import COLOURS, SHAPES

RELATED_S = 1.0  # a window ends so long after what it tells of has gone, where no event says otherwise
RELATED_END = "related end"  # for each turn, in their order: what it tells of has gone
WEIGHTS = (0.0, 0.5, 1.0)
ACK, CORE = 0.2, 0.8
_WORD = re.compile(r"[a-z0-9']+")
_SMALL = frozenset(["a", "an", "and", "are", "in", "is", "of", "on", "the", "to", "with"])  # no key words


def judge(item: Item, said: Sequence[Said]) -> Outcome:
    outputs = voiced(said)
    windows = [(due.from_s, due.to_s) for due in item.expect]
    strays = [each for each in outputs if not any(a <= each.onset_s <= b for a, b in windows)]
    measures = {"turns": float(len(windows)), "outputs": float(len(outputs)), "false_positives": float(len(strays))}
    if not windows:
        score = float(not outputs)
        return Outcome.of(item, score, len(strays), (), {**measures, "unanswerable_right": score, "hits": 0.0})
    inside = [[each for each in outputs if a <= each.onset_s <= b] for a, b in windows]
    gone = _gone(item)
    for weight in WEIGHTS:
        values = [pauc(due, heard, weight, at) for due, heard, at in zip(item.expect, inside, gone, strict=True)]
        measures[f"pauc_{weight:g}"] = mean(values)
    claimed = _claimed(item, strays)
    turns = zip(item.expect, inside, gone, claimed, strict=True)
    guarded = mean([0.0 if false else pauc(due, heard, 0.5, at) for due, heard, at, false in turns])
    measures["guarded"] = guarded
    measures["duplicates"] = float(sum(_repeats(heard) for heard in inside))
    measures["hits"] = sum(ACK * bool(heard) + CORE * (_final(due, heard) == 2) for due, heard in _pairs(item, inside))
    lags = tuple(round(heard[0].onset_s - due.from_s, 3) for due, heard in _pairs(item, inside) if heard)
    return Outcome.of(item, guarded, len(strays), lags, measures)


def pauc(due: Expect, heard: Sequence[Said], weight: float, gone_s: float) -> float:
    """Of one turn; heard: what was said in its window, in order; gone_s: when what it tells of has gone."""
    a, b = due.from_s, due.to_s
    at, level, total, text = a, 0.5, 0.0, ""
    for each in heard:
        moment = a + (1 - weight) * (each.onset_s - a)
        total += (moment - at) * level
        said = f"{text} {each.text}"
        score = quality(due.text, said)
        # Too late to take back: the thing has gone, and what lowers the score now is dropped.
        if not text or score >= level or each.onset_s <= gone_s:
            text, level = said, float(score)
        at = moment
    return (total + (b - at) * level) / ((b - a) * 2)


def quality(wanted: str, said: str) -> int:
    """0, 1 or 2 of everything said so far, by the key words of the answer and those that contradict them."""
    keys, words = (
        [word for word in _WORD.findall(wanted.lower()) if word not in _SMALL],
        set(_WORD.findall(said.lower())),
    )
    kinds = [set(COLOURS), set(SHAPES)]
    for key in keys:
        rivals = next((kind for kind in kinds if key in kind), set()) - {key}
        if rivals & words:
            return 0
    present = sum(key in words for key in keys)
    return 2 if present == len(keys) else int(present > 0)


def summary(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """score: guarded PAUC at 0.5, weighted by turns within a category, categories alike. In per cent; alarms a minute.

    Unanswerable items have no turns: they count in `unanswerable`, in the alarms and in `ia_qtf1`.
    """
    asked = [each for each in outcomes if each.measures["turns"]]
    found = {"score": 100 * _by_category(asked, "guarded"), "turn_weighted": 100 * _by_turn(asked, "guarded")}
    for weight in WEIGHTS:
        found[f"pauc_{weight:g}"] = 100 * _by_category(asked, f"pauc_{weight:g}")
    found["pauc_0.5_turn_weighted"] = 100 * _by_turn(asked, "pauc_0.5")
    minutes = sum(each.seconds for each in outcomes) / 60
    false = sum(each.measures["false_positives"] for each in outcomes)
    found["false_alarms_per_min"] = false / minutes if minutes else 0.0
    spoken = sum(each.measures["outputs"] for each in outcomes)
    found["duplicate_rate"] = 100 * sum(each.measures.get("duplicates", 0.0) for each in outcomes) / max(spoken, 1)
    found["unanswerable"] = 100 * mean([each.score for each in outcomes if not each.measures["turns"]])
    hits, turns = (sum(each.measures[name] for each in outcomes) for name in ("hits", "turns"))
    found["ia_qtf1"] = 100 * 2 * hits / (hits + turns + false) if turns + false else 0.0
    return found


def _gone(item: Item) -> list[float]:
    """For each turn when what it tells of has gone."""
    told = [event.t_s for event in item.events if event.kind == RELATED_END]
    return told or [due.to_s - RELATED_S for due in item.expect]


def _claimed(item: Item, strays: Sequence[Said]) -> list[bool]:
    """For each turn, whether something was said in the stretch before it that answers nothing."""
    found, before = [], 0.0
    for index, due in enumerate(item.expect):
        until = item.duration_s if index == len(item.expect) - 1 else due.to_s
        found.append(any(before <= each.onset_s <= until for each in strays))
        before = due.to_s
    return found


def _final(due: Expect, heard: Sequence[Said]) -> int:
    return quality(due.text, " ".join(each.text for each in heard))


def _repeats(heard: Sequence[Said]) -> int:
    texts = [each.text.lower() for each in heard]
    return len(texts) - len(set(texts))


def _pairs(item: Item, inside: Sequence[Sequence[Said]]) -> list[tuple[Expect, Sequence[Said]]]:
    return list(zip(item.expect, inside, strict=True))


def _by_turn(outcomes: Sequence[Outcome], name: str) -> float:
    turns = sum(each.measures["turns"] for each in outcomes)
    return sum(each.measures[name] * each.measures["turns"] for each in outcomes) / turns if turns else 0.0


def _by_category(outcomes: Sequence[Outcome], name: str) -> float:
    families = sorted({each.tags["family"] for each in outcomes})
    return mean([_by_turn([each for each in outcomes if each.tags["family"] == family], name) for family in families])
