"""What was said against what was due: greedy and one to one, in the order of time. Pure.

An output may come as one phrase or word by word; words that belong together are at most `JOIN_S` apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from evals.items import Expect, Said

JOIN_S = 0.8
Accepts = Callable[[Expect], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Word:
    onset_s: float
    text: str
    source: int  # which output it comes from


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """hits: for each expectation the onset that met it, or None. extras: outputs that met nothing, whole or in part."""

    hits: tuple[float | None, ...]
    extras: tuple[Said, ...]


def voiced(said: Iterable[Said]) -> list[Said]:
    """In order of time, without events such as <keep>, which are never heard."""
    return sorted((each for each in said if not each.text.startswith("<")), key=lambda each: each.onset_s)


def match(expect: Sequence[Expect], said: Iterable[Said], accepts: Accepts = lambda due: (due.text,)) -> Match:
    """Each expectation takes the earliest free output of its words with an onset in its window."""
    outputs = voiced(said)
    words = [
        Word(each.onset_s, word, index) for index, each in enumerate(outputs) for word in each.text.lower().split()
    ]
    free = [True] * len(words)
    hits: list[float | None] = [None] * len(expect)
    for which in sorted(range(len(expect)), key=lambda index: (expect[index].to_s, expect[index].from_s)):
        due = expect[which]
        for text in accepts(due):
            run = _find(words, free, text.lower().split(), due)
            if run is not None:
                hits[which] = words[run.start].onset_s
                free[run.start : run.stop] = [False] * len(run)
                break
    left = {word.source for word, unused in zip(words, free, strict=True) if unused}
    return Match(hits=tuple(hits), extras=tuple(outputs[index] for index in sorted(left)))


def _find(words: Sequence[Word], free: Sequence[bool], wanted: Sequence[str], due: Expect) -> range | None:
    for start in range(len(words) - len(wanted) + 1):
        if words[start].onset_s > due.to_s:
            return None
        run = range(start, start + len(wanted))
        if (
            words[start].onset_s >= due.from_s
            and all(free[index] and words[index].text == text for index, text in zip(run, wanted, strict=True))
            and all(words[b].onset_s - words[b - 1].onset_s <= JOIN_S for b in run[1:])
        ):
            return run
    return None
