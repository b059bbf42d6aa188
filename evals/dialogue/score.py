"""Dialogue dynamics judged: answers, yielding, going on, keeping out of it. Pure.

Where published scorers mislead, this one does not: talking before the user has ended is a signed, negative latency
and a false start, never "0 s"; a model that never yields is censored, not finite; one that never speaks yields nothing.
Times are of what is heard.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence

from evals.dialogue import onset, recorded
from evals.dialogue.episodes import Episode, episodes, falls_silent
from evals.dialogue.metrics import summary
from evals.items import Expect, Item, Outcome, Said
from evals.matching import voiced
from evals.numbers import say_count
from evals.windows import judge_windows

__all__ = ["judge", "summary"]
COUNT_S = 0.6  # from one number of a count to the next
YIELD_S = 1.0  # an interruption has to silence the model within
WATCH_S = 5.0  # longer than this it is said to never stop
HOLDS_S = 1.4  # a count is going on if a number began so shortly before
GOES_ON_S = 2.0  # after a backchannel the next number comes within


def judge(item: Item, said: Sequence[Said]) -> Outcome:
    family = item.tags.get("family", "")
    if family.startswith(recorded.PREFIX):
        return recorded.judge(item, said)
    if family.startswith("interruption"):
        return _interruption(item, said)
    if family == "backchannel":
        return _backchannel(item, said)
    if family == "delegate":
        return _delegate(item, said)
    outcome = judge_windows(item, said, centred=False)
    return _with(outcome, outcome.score, _floor(item, said))


def speaks(item: Item) -> list[Episode]:
    """When a perfect partner speaks, where only that is judged. Where words are due, `item.expect` says it."""
    return recorded.speaks(item) if item.tags.get("family", "").startswith(recorded.PREFIX) else []


def _floor(item: Item, said: Sequence[Said]) -> dict[str, float]:
    """Who has the floor: false starts while the user asks, the signed onset after it, takeovers where none is due."""
    measures: dict[str, float] = {}
    spoken = episodes(said)
    ends = [event.t_s for event in item.events if event.kind == "request end"]
    if not item.expect:
        measures["takeovers"] = sum(each.seconds > 1.0 for each in spoken)
        measures["spoke"] = float(bool(spoken))
        return measures
    if ends:
        measures["false_starts"] = sum(each.from_s < ends[0] for each in spoken)
        measures["took_turn"] = float(any(each.from_s >= ends[0] for each in spoken))
        asked = next(event.t_s for event in item.events if event.kind == "request")
        first = next((each.from_s for each in spoken if each.from_s >= asked), None)
        if first is not None:
            measures |= onset.of(said, first, ends[0])
    return measures


def _delegate(item: Item, said: Sequence[Said]) -> Outcome:
    """The event and the words: both in their window."""
    outcome = judge_windows(_only(item, lambda due: not due.text.startswith("<")), said, centred=False)
    window = next(due for due in item.expect if due.text.startswith("<"))
    delegated = sum(each.text == window.text and window.from_s <= each.onset_s <= window.to_s for each in said)
    elsewhere = sum(each.text == window.text for each in said) - delegated
    measures = _floor(item, said) | {"delegated": float(delegated == 1 and not elsewhere)}
    return _with(outcome, outcome.score * measures["delegated"], measures)


def _interruption(item: Item, said: Sequence[Said]) -> Outcome:
    """Right: it was counting when it was cut off, is silent within a second, and then answers if it was asked."""
    cut = next(event.t_s for event in item.events if event.kind == "interruption")
    over = next(event.t_s for event in item.events if event.kind == "interruption end")
    numbers, rest = _count(item, said)
    answers = [due for due in item.expect if due.from_s >= over]
    answered = judge_windows(_only(item, lambda due: due in answers), rest, centred=False)
    holding = any(cut - HOLDS_S <= each.onset_s <= cut for each in numbers)
    hits = [due.from_s + error for due, error in zip(answers, answered.errors_s, strict=False)]
    other = [each for each in voiced(said) if not any(abs(each.onset_s - hit) < 1e-3 for hit in hits)]
    measures: dict[str, float] = {"held_the_floor": float(holding)}
    stopped = False
    if holding:
        silent = falls_silent(other, cut)
        never = silent - cut > WATCH_S
        stopped = silent - cut <= YIELD_S
        measures |= {"stop_ms": round(min(silent - cut, WATCH_S) * 1000, 1), "never_stops": float(never)}
        measures["spill_s"] = round(_spoken_after(other, cut), 3)
    late = [each for each in numbers if each.onset_s > cut + YIELD_S]
    strict = holding and stopped and _begun_in_time(item, numbers) and not late and answered.score == 1.0
    return _with(answered, float(strict), measures, alarms=answered.alarms + len(late))


def _backchannel(item: Item, said: Sequence[Said]) -> Outcome:
    """Right: every number in its window, and none of the listener's words made it stop, start again or answer."""
    outcome = judge_windows(item, said, centred=False)
    numbers, _ = _count(item, said)
    onsets = [each.onset_s for each in numbers]
    measures: dict[str, float] = {}
    given = [event.t_s for event in item.events if event.kind == "backchannel"]
    live = [at for at in given if any(at - HOLDS_S <= onset <= at for onset in onsets)]
    measures["backchannels"] = len(live)
    measures["backchannels_ignored"] = sum(any(at < onset <= at + GOES_ON_S for onset in onsets) for at in live)
    steady = all(b - a <= GOES_ON_S for a, b in itertools.pairwise(onsets))
    return _with(outcome, outcome.score * float(steady), measures)


def _count(item: Item, said: Sequence[Said]) -> tuple[list[Said], list[Said]]:
    """The outputs that go on counting from one, after the request; and all the others."""
    end = next(event.t_s for event in item.events if event.kind == "request end")
    numbers, rest = [], []
    for each in voiced(said):
        right = each.onset_s >= end and len(numbers) < 99 and each.text.lower() == say_count(len(numbers) + 1)
        (numbers if right else rest).append(each)
    return numbers, rest


def _begun_in_time(item: Item, numbers: Sequence[Said]) -> bool:
    first = item.expect[0]
    return bool(numbers) and first.from_s <= numbers[0].onset_s <= first.to_s


def _spoken_after(said: Sequence[Said], at_s: float) -> float:
    return sum(max(0.0, each.to_s - max(each.from_s, at_s)) for each in episodes(said, join_s=0.0))


def _only(item: Item, keep: Callable[[Expect], bool]) -> Item:
    return dataclasses.replace(item, expect=tuple(due for due in item.expect if keep(due)))


def _with(outcome: Outcome, score: float, measures: dict[str, float], alarms: int | None = None) -> Outcome:
    alarms = outcome.alarms if alarms is None else alarms
    return dataclasses.replace(outcome, score=score, alarms=alarms, measures={**outcome.measures, **measures})
