"""What can be asked, and in which words. Pure text: no audio, no time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from training import vocab


class Kind(StrEnum):
    EVERY = "every"  # a request: say it again after each interval
    IN = "in"  # a request: say it once after the interval
    CUE = "cue"  # a request: say it whenever a word is heard
    STOP = "stop"  # ends the standing request
    CHATTER = "chatter"  # asks nothing; its last word may be a cue


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """words: what is spoken. say: the phrase asked for. tenths: the interval in 0.1 s. cue: the word to wait for."""

    kind: Kind
    words: str
    say: str = ""
    tenths: int = 0
    cue: str = ""


_EVERY = (
    "remind me to {say} every {n} seconds",
    "remind me to {say} every {n} seconds",
    "please remind me to {say} every {n} seconds",
    "every {n} seconds remind me to {say}",
    "say {say} every {n} seconds",
    "can you say {say} every {n} seconds",
    "every {n} seconds say {say}",
)
_IN = (
    "in {n} seconds say {say}",
    "in {n} seconds please say {say}",
    "say {say} in {n} seconds",
    "in {n} seconds remind me to {say}",
    "remind me to {say} in {n} seconds",
    "can you say {say} in {n} seconds",
)
_CUE = (
    "say {say} when you hear {cue}",
    "say {say} when you hear {cue}",
    "please say {say} when you hear {cue}",
    "when you hear {cue} say {say}",
    "when you hear the word {cue} say {say}",
    "say {say} when you hear the word {cue}",
)
_STOP = ("stop", "stop", "that's enough", "that's enough", "please stop", "stop now", "okay stop", "okay that's enough")
_NEAR_MISS = (
    "every {chatter}",
    "in the {noun}",
    "in {number} minutes",
    "to {verb} the {noun}",
    "you hear the {noun}",
    "i think {number}",
    "{verb} the {noun}",
    "{number} and a half",
    "we {verb} the {noun}",
    "the {cue}",
    "is it a {cue}",
    "i like the {cue}",
    "i saw a {cue}",
    "please",
    "okay",
    "now",
    "remind me",
)
_CHATTER_POOL = vocab.CHATTER * 2 + vocab.CUES * 2 + vocab.NOUNS + vocab.VERBS + vocab.SINGLES + vocab.NUMBERS


def request(
    rng: np.random.Generator, kind: Kind, phrases: tuple[str, ...] = vocab.TRAINED_PHRASES, tenths: int = 0
) -> Utterance:
    """A standing request. Two-word phrases come from `phrases`; `tenths` 0 draws a trained interval for the kind."""
    if phrases is vocab.TRAINED_PHRASES and rng.random() < 0.25:
        say = str(rng.choice(vocab.SINGLES + vocab.NOUNS))
    else:
        say = str(rng.choice(phrases))
    if kind is Kind.CUE:
        cue = str(rng.choice(vocab.CUES))
        return Utterance(kind=kind, words=_pick(rng, _CUE).format(say=say, cue=cue), say=say, cue=cue)
    tenths = tenths or int(rng.choice(vocab.PERIODS if kind is Kind.EVERY else vocab.ALL_TENTHS))
    words = _pick(rng, _EVERY if kind is Kind.EVERY else _IN).format(say=say, n=vocab.say_number(tenths))
    return Utterance(kind=kind, words=words, say=say, tenths=tenths)


def stop(rng: np.random.Generator) -> Utterance:
    return Utterance(kind=Kind.STOP, words=_pick(rng, _STOP))


def chatter(rng: np.random.Generator) -> Utterance:
    """One to five words that ask nothing; never two words of a trained or held-out phrase in a row."""
    if rng.random() < 0.35:
        words = _pick(rng, _NEAR_MISS).format(
            chatter=rng.choice(vocab.CHATTER),
            noun=rng.choice(vocab.NOUNS),
            number=rng.choice(vocab.NUMBERS),
            verb=rng.choice(vocab.VERBS),
            cue=rng.choice(vocab.CUES),
        )
        return Utterance(kind=Kind.CHATTER, words=words)
    last = str(rng.choice(vocab.CUES)) if rng.random() < 0.5 else str(rng.choice(_CHATTER_POOL))
    first = [str(word) for word in rng.choice(vocab.CHATTER, size=rng.integers(0, 4))]
    return Utterance(kind=Kind.CHATTER, words=" ".join([*first, last]))


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def parse(words: str) -> Utterance:
    """What an utterance asks for: the inverse of the templates, for recordings that come with their text only."""
    for kind, templates in ((Kind.EVERY, _EVERY), (Kind.IN, _IN), (Kind.CUE, _CUE)):
        for template in sorted(templates, key=len, reverse=True):  # "the word {cue}" before "{cue}"
            pattern = template.format(say="(?P<say>.+)", n="(?P<n>.+)", cue="(?P<cue>.+)")
            if match := re.fullmatch(pattern, words):
                found = match.groupdict()
                return Utterance(
                    kind=kind,
                    words=words,
                    say=found["say"],
                    tenths=_TENTHS[found["n"]] if "n" in found else 0,
                    cue=found.get("cue", ""),
                )
    return Utterance(kind=Kind.STOP if words in _STOP else Kind.CHATTER, words=words)


_TENTHS = {vocab.say_number(tenths): tenths for tenths in (*vocab.ALL_TENTHS, *vocab.HELD_OUT_TENTHS, 10, 15)}
