"""What a sentence of training asks for: the inverse of its templates."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from functools import cache

from training import answers, tasks, vocab
from training.sights import asks
from training.tasks import Kind, Utterance
from training.wordings import BACK, COUNTRIES, NAMES, SOUNDS, WORKS


def trained(asked: Utterance) -> bool:
    """Whether training has a sentence that asks so."""
    if asked.kind not in tasks.BY_KIND:
        return _fixed().get(asked.words) == asked
    number = vocab.number if asked.kind is Kind.TALK else vocab.say_number
    n = number(asked.tenths) if asked.tenths else ""
    blanked = {asked.words}
    for blank, value in (("{n}", n), ("{say}", asked.say), ("{cue}", asked.cue)):
        if value:
            word = re.compile(rf"(?<!\S){value}(?!\S)")
            blanked = {each[: m.start()] + blank + each[m.end() :] for each in blanked for m in word.finditer(each)}
    return any(asked.kind in _templates().get(each, ()) for each in blanked)


def parse(words: str) -> Utterance:
    """What an utterance asks for: the inverse of the templates, for recordings that come with their text only.

    Of several readings that with the fewest words in its blanks.
    """
    said = words.split()
    numbers = [span for span in _spans(len(said), 5) if " ".join(said[slice(*span)]) in _TENTHS]
    fillings: list[dict[str, _Span]] = [{"n": n} for n in numbers]
    for say in _spans(len(said), 2):
        fillings += [{"say": say, "n": n} for n in numbers] + [{"say": say, "cue": cue} for cue in _spans(len(said), 1)]
    fillings += [{"cue": cue} for cue in _spans(len(said), 1)]
    readings = [reading for filling in fillings if (reading := _read(said, filling))]
    if readings:
        return min(readings, key=lambda each: len(f"{each.say} {each.cue}".split()))
    return _fixed().get(words) or Utterance(kind=Kind.CHATTER, words=words)


_Span = tuple[int, int]


def _spans(words: int, longest: int) -> list[_Span]:
    return [(at, end) for at in range(words) for end in range(at + 1, min(at + longest, words) + 1)]


def _read(said: list[str], filling: dict[str, _Span]) -> Utterance | None:
    """What is asked where these words are what fills the blanks of a template, if there is one."""
    template, after = list(said), len(said)
    for blank, (start, end) in sorted(filling.items(), key=lambda item: -item[1][0]):
        if end > after:
            return None  # two blanks share a word
        template[start:end], after = [f"{{{blank}}}"], start
    found = {blank: " ".join(said[slice(*span)]) for blank, span in filling.items()}
    for kind in _templates().get(" ".join(template), ()):
        if "cue" in found and (found["cue"] in SOUNDS) is not (kind is Kind.SOUND):
            continue
        tenths = _TENTHS[found["n"]] // (10 if kind is Kind.TALK else 1) if "n" in found else 0
        words, say, cue = " ".join(said), found.get("say", ""), found.get("cue", "")
        return Utterance(kind=kind, words=words, say=say, tenths=tenths, cue=cue)
    return None


@cache
def _templates() -> dict[str, list[Kind]]:
    """The kinds that ask in each of the templates with blanks."""
    found: dict[str, list[Kind]] = {}
    for kind, sentences in tasks.BY_KIND.items():
        for template in sentences:
            found.setdefault(template, []).append(kind)
    return found


@cache
def _fixed() -> dict[str, Utterance]:
    """What has no blanks, or blanks of few values, by its words."""
    known = dict.fromkeys(tasks.STOP, (Kind.STOP, ""))
    known |= dict.fromkeys(tasks.SINCE, (Kind.SINCE, "")) | dict.fromkeys(BACK, (Kind.BACK, ""))
    for template in tasks.DELEGATED:
        for country, noun, verb, work, name in _fillings(template):
            words = template.format(country=country, noun=noun, verb=verb, work=work, name=name)
            known[words] = (Kind.DELEGATE, answers.DELEGATED_REPLY)
    for family, templates in tasks.QUESTIONS:
        known |= {each.format(key=key): (Kind.ASK, say) for key, say in family.items() for each in templates}
    seen = {ask.words: tasks.seen(ask) for ask in asks.everything()}
    return seen | {words: Utterance(kind=kind, words=words, say=say) for words, (kind, say) in known.items()}


def _fillings(template: str) -> Iterable[tuple[str, ...]]:
    blanks = {"{country}": COUNTRIES, "{noun}": vocab.NOUNS, "{verb}": vocab.VERBS, "{work}": WORKS, "{name}": NAMES}
    return itertools.product(*(values if blank in template else ("",) for blank, values in blanks.items()))


_TENTHS = {vocab.say_number(tenths): tenths for tenths in (*vocab.ALL_TENTHS, *vocab.HELD_OUT_TENTHS, 10, 15)}
