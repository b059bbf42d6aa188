"""What can be asked, and in which words. Pure text: no audio, no time."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np

from training import answers, vocab
from training.sights import asks
from training.wordings import (
    AFTER,
    BACK,
    BEFORE,
    CHANGE,
    COLOR,
    COUNT,
    COUNTRIES,
    CUE,
    DELEGATED,
    ENDINGS,
    EVERY,
    IN,
    JOINTS,
    MANY,
    NAMES,
    NEAR_MISS,
    OPPOSITE,
    SINCE,
    SOUND,
    SOUNDS,
    STOP,
    STORIES,
    TALK,
    WORKS,
)


class Kind(StrEnum):
    EVERY = "every"  # a request: say it again after each interval
    IN = "in"  # a request: say it once after the interval
    CUE = "cue"  # a request: say it whenever a word is heard
    SOUND = "sound"  # a request: say it whenever a sound is heard
    COUNT = "count"  # a request: say how many times a word was heard
    CHANGE = "change"  # another interval for what stands
    STOP = "stop"  # ends the standing request, or the model's own talk
    ASK = "ask"  # a question of the closed set
    SINCE = "since"  # how long ago was "go"
    DELEGATE = "delegate"  # a question for somebody else
    TALK = "talk"  # count aloud to a number
    BACK = "back"  # a backchannel
    CHATTER = "chatter"  # asks nothing; its last word may be a cue
    REPS = "reps"  # a request: count the repetitions of a motion seen
    ACTS = "acts"  # a request: say start and stop with an action seen
    SEE = "see"  # a request: say it when a shape of a colour appears
    LOOK = "look"  # a request: say what appears
    LIGHT = "light"  # a request: say when a light has a colour


STANDING = (Kind.EVERY, Kind.IN, Kind.CUE, Kind.SOUND, Kind.COUNT)
SIGHTS = (Kind.REPS, Kind.ACTS, Kind.SEE, Kind.LOOK, Kind.LIGHT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """words: what is spoken. say: what is asked for, or the answer. tenths: the interval in 0.1 s, or the number to
    count to. cue: the word or sound to wait for, the motion to watch for."""

    kind: Kind
    words: str
    say: str = ""
    tenths: int = 0
    cue: str = ""


_QUESTIONS = (
    (answers.AFTER, AFTER),
    (answers.BEFORE, BEFORE),
    (answers.OPPOSITE, OPPOSITE),
    (answers.OPPOSITE, OPPOSITE),
    (answers.COLOR, COLOR),
    (answers.HOW_MANY, MANY),
)
_CHATTER_POOL = vocab.CHATTER * 2 + vocab.CUES * 2 + vocab.NOUNS + vocab.VERBS + vocab.SINGLES + vocab.NUMBERS


_BY_KIND = {
    **{Kind.EVERY: EVERY, Kind.IN: IN, Kind.CUE: CUE, Kind.SOUND: SOUND, Kind.COUNT: COUNT},
    **{Kind.CHANGE: CHANGE, Kind.TALK: TALK},
}


def request(
    rng: np.random.Generator, kind: Kind, phrases: tuple[str, ...] = vocab.TRAINED_PHRASES, tenths: int = 0
) -> Utterance:
    """A standing request. Two-word phrases come from `phrases`; `tenths` 0 draws a trained interval."""
    if phrases is vocab.TRAINED_PHRASES and rng.random() < 0.25:
        say = str(rng.choice(vocab.SINGLES + vocab.NOUNS))
    else:
        say = str(rng.choice(phrases))
    words = _pick(rng, _BY_KIND[kind])
    if kind in (Kind.CUE, Kind.SOUND, Kind.COUNT):
        cue = str(rng.choice(SOUNDS if kind is Kind.SOUND else vocab.ASKED_CUES))
        say = "" if kind is Kind.COUNT else say
        return Utterance(kind=kind, words=words.format(say=say, cue=cue), say=say, cue=cue)
    tenths = tenths or interval(rng)
    return Utterance(kind=kind, words=words.format(say=say, n=vocab.say_number(tenths)), say=say, tenths=tenths)


def interval(rng: np.random.Generator) -> int:
    """Half of them up to 12 s, a quarter more than 20."""
    draw = rng.random()
    low, high = (0, 120) if draw < 0.55 else (120, 200) if draw < 0.75 else (200, 600)
    return int(rng.choice([tenths for tenths in vocab.ALL_TENTHS if low < tenths <= high]))


def change(rng: np.random.Generator) -> Utterance:
    tenths = interval(rng)
    words = _pick(rng, CHANGE).format(n=vocab.say_number(tenths))
    return Utterance(kind=Kind.CHANGE, words=words, tenths=tenths)


def talk(rng: np.random.Generator) -> Utterance:
    last = int(rng.integers(5, 21))
    return Utterance(kind=Kind.TALK, words=_pick(rng, TALK).format(n=vocab.number(last)), tenths=last)


def ask(rng: np.random.Generator) -> Utterance:
    """A question of the closed set; its families in equal shares."""
    family, templates = _QUESTIONS[int(rng.integers(len(_QUESTIONS)))]
    key = str(rng.choice(list(family)))
    return Utterance(kind=Kind.ASK, words=_pick(rng, templates).format(key=key), say=family[key])


def delegate(rng: np.random.Generator) -> Utterance:
    words = _pick(rng, DELEGATED).format(
        country=rng.choice(COUNTRIES),
        noun=rng.choice(vocab.NOUNS),
        verb=rng.choice(vocab.VERBS),
        work=rng.choice(WORKS),
        name=rng.choice(NAMES),
    )
    return Utterance(kind=Kind.DELEGATE, words=words, say=answers.DELEGATED_REPLY)


def since(rng: np.random.Generator) -> Utterance:
    return Utterance(kind=Kind.SINCE, words=_pick(rng, SINCE))


def back(rng: np.random.Generator) -> Utterance:
    return Utterance(kind=Kind.BACK, words=_pick(rng, BACK))


def stop(rng: np.random.Generator) -> Utterance:
    return Utterance(kind=Kind.STOP, words=_pick(rng, STOP))


MAKERS = {
    **{Kind.STOP: stop, Kind.CHANGE: change, Kind.TALK: talk, Kind.ASK: ask, Kind.DELEGATE: delegate},
    **{Kind.SINCE: since, Kind.BACK: back},
}


def sight(rng: np.random.Generator, kind: Kind) -> Utterance:
    return _seen(asks.random_ask(rng, kind.value))


def _seen(ask: asks.Ask) -> Utterance:
    return Utterance(kind=Kind(ask.kind), words=ask.words, say=ask.say, cue=ask.cue)


def make(rng: np.random.Generator, kind: Kind) -> Utterance:
    """Any utterance of a kind."""
    if kind in SIGHTS:
        return sight(rng, kind)
    if kind is Kind.CHATTER:
        return chatter(rng)
    return request(rng, kind) if kind in STANDING else MAKERS[kind](rng)


def chatter(rng: np.random.Generator) -> Utterance:
    """What asks nothing, a word or a long sentence; never two words of a trained or held-out phrase in a row."""
    draw = rng.random()
    if draw < 0.3:
        return Utterance(kind=Kind.CHATTER, words=_nearly(rng))
    if draw < 0.5:
        clauses = [_pick(rng, STORIES), *(_clause(rng) for _ in range(rng.integers(1, 4)))]
        if rng.random() < 0.6:
            clauses.append(f"{_pick(rng, ENDINGS)} {rng.choice(vocab.ASKED_CUES)}")
        return Utterance(kind=Kind.CHATTER, words=" ".join(clauses))
    last = str(rng.choice(vocab.ASKED_CUES)) if rng.random() < 0.6 else str(rng.choice(_CHATTER_POOL))
    first = [str(word) for word in rng.choice(vocab.CHATTER, size=rng.integers(0, 4))]
    return Utterance(kind=Kind.CHATTER, words=" ".join([*first, last]))


def _nearly(rng: np.random.Generator) -> str:
    """What sounds a little like a request."""
    return _pick(rng, NEAR_MISS).format(
        chatter=rng.choice(vocab.CHATTER),
        noun=rng.choice(vocab.NOUNS),
        number=rng.choice(vocab.NUMBERS),
        verb=rng.choice(vocab.VERBS),
        cue=rng.choice(vocab.ASKED_CUES),
        name=rng.choice(NAMES),
        n=vocab.say_number(int(rng.choice(vocab.ALL_TENTHS))),
    )


def _clause(rng: np.random.Generator) -> str:
    return f"{_pick(rng, JOINTS)} {_pick(rng, STORIES)}"


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def parse(words: str) -> Utterance:
    """What an utterance asks for: the inverse of the templates, for recordings that come with their text only."""
    for kind, pattern in _patterns():
        match = pattern.fullmatch(words)
        found = match.groupdict() if match else {}
        if match and _sensible(kind, found):
            tenths = _TENTHS[found["n"]] // (10 if kind is Kind.TALK else 1) if "n" in found else 0
            cue = found.get("cue", "")
            return Utterance(kind=kind, words=words, say=found.get("say", ""), tenths=tenths, cue=cue)
    return _fixed().get(words) or Utterance(kind=Kind.CHATTER, words=words)


@cache
def _patterns() -> list[tuple[Kind, re.Pattern[str]]]:
    return [
        (kind, re.compile(template.format(say="(?P<say>.+)", n="(?P<n>.+)", cue="(?P<cue>.+)")))
        for kind in (Kind.EVERY, Kind.IN, Kind.SOUND, Kind.COUNT, Kind.CUE, Kind.CHANGE, Kind.TALK)
        for template in sorted(_BY_KIND[kind], key=len, reverse=True)  # "the word {cue}" before "{cue}"
    ]


def _sensible(kind: Kind, found: dict[str, str]) -> bool:
    if "n" in found and found["n"] not in _TENTHS:
        return False
    if "cue" in found and (" " in found["cue"] or (found["cue"] in SOUNDS) is not (kind is Kind.SOUND)):
        return False
    return "say" not in found or len(found["say"].split()) <= 2


@cache
def _fixed() -> dict[str, Utterance]:
    """What has no blanks, or blanks of few values, by its words."""
    known = dict.fromkeys(STOP, (Kind.STOP, ""))
    known |= dict.fromkeys(SINCE, (Kind.SINCE, "")) | dict.fromkeys(BACK, (Kind.BACK, ""))
    for template in DELEGATED:
        for country, noun, verb, work, name in _fillings(template):
            words = template.format(country=country, noun=noun, verb=verb, work=work, name=name)
            known[words] = (Kind.DELEGATE, answers.DELEGATED_REPLY)
    for family, templates in _QUESTIONS:
        known |= {each.format(key=key): (Kind.ASK, say) for key, say in family.items() for each in templates}
    seen = {ask.words: _seen(ask) for ask in asks.everything()}
    return seen | {words: Utterance(kind=kind, words=words, say=say) for words, (kind, say) in known.items()}


def _fillings(template: str) -> Iterable[tuple[str, ...]]:
    blanks = {"{country}": COUNTRIES, "{noun}": vocab.NOUNS, "{verb}": vocab.VERBS, "{work}": WORKS, "{name}": NAMES}
    return itertools.product(*(values if blank in template else ("",) for blank, values in blanks.items()))


_TENTHS = {vocab.say_number(tenths): tenths for tenths in (*vocab.ALL_TENTHS, *vocab.HELD_OUT_TENTHS, 10, 15)}
