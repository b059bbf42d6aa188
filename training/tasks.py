"""What can be asked, and in which words. Pure text: no audio, no time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from training import answers, free_questions, free_wordings, vocab, wordings
from training.sights import asks
from training.wordings import BACK, COUNTRIES, ENDINGS, JOINTS, NAMES, SOUNDS, WORKS


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


FREE = 0.6  # how often a sentence is a free one


@dataclass(frozen=True, slots=True)
class Sentences:
    """Wordings put together from few parts, and free ones."""

    fixed: tuple[str, ...]
    free: tuple[str, ...]

    def __iter__(self) -> Iterator[str]:
        return itertools.chain(self.fixed, self.free)

    def draw(self, rng: np.random.Generator) -> str:
        return _pick(rng, self.free if rng.random() < FREE else self.fixed)


def _sentences(name: str) -> Sentences:
    free = free_questions if hasattr(free_questions, name) else free_wordings
    return Sentences(getattr(wordings, name), getattr(free, name))


STOP, SINCE, DELEGATED = _sentences("STOP"), _sentences("SINCE"), _sentences("DELEGATED")
NEAR_MISS, STORIES = _sentences("NEAR_MISS"), _sentences("STORIES")
QUESTIONS = (
    (answers.AFTER, _sentences("AFTER")),
    (answers.BEFORE, _sentences("BEFORE")),
    (answers.OPPOSITE, _sentences("OPPOSITE")),
    (answers.OPPOSITE, _sentences("OPPOSITE")),
    (answers.COLOR, _sentences("COLOR")),
    (answers.HOW_MANY, _sentences("MANY")),
)
_CHATTER_POOL = vocab.CHATTER * 2 + vocab.CUES * 2 + vocab.NOUNS + vocab.VERBS + vocab.SINGLES + vocab.NUMBERS


BY_KIND = {
    kind: _sentences(kind.name)
    for kind in (Kind.EVERY, Kind.IN, Kind.SOUND, Kind.COUNT, Kind.CUE, Kind.CHANGE, Kind.TALK)
}


def request(
    rng: np.random.Generator, kind: Kind, phrases: tuple[str, ...] = vocab.TRAINED_PHRASES, tenths: int = 0
) -> Utterance:
    """A standing request. Two-word phrases come from `phrases`; `tenths` 0 draws a trained interval."""
    if phrases is vocab.TRAINED_PHRASES and rng.random() < 0.25:
        say = str(rng.choice(vocab.SINGLES + vocab.NOUNS))
    else:
        say = str(rng.choice(phrases))
    words = BY_KIND[kind].draw(rng)
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
    words = BY_KIND[Kind.CHANGE].draw(rng).format(n=vocab.say_number(tenths))
    return Utterance(kind=Kind.CHANGE, words=words, tenths=tenths)


def talk(rng: np.random.Generator) -> Utterance:
    last = int(rng.integers(5, 21))
    return Utterance(kind=Kind.TALK, words=BY_KIND[Kind.TALK].draw(rng).format(n=vocab.number(last)), tenths=last)


def ask(rng: np.random.Generator) -> Utterance:
    """A question of the closed set; its families in equal shares."""
    family, templates = QUESTIONS[int(rng.integers(len(QUESTIONS)))]
    key = str(rng.choice(list(family)))
    return Utterance(kind=Kind.ASK, words=templates.draw(rng).format(key=key), say=family[key])


def delegate(rng: np.random.Generator) -> Utterance:
    words = DELEGATED.draw(rng).format(
        country=rng.choice(COUNTRIES),
        noun=rng.choice(vocab.NOUNS),
        verb=rng.choice(vocab.VERBS),
        work=rng.choice(WORKS),
        name=rng.choice(NAMES),
    )
    return Utterance(kind=Kind.DELEGATE, words=words, say=answers.DELEGATED_REPLY)


def since(rng: np.random.Generator) -> Utterance:
    return Utterance(kind=Kind.SINCE, words=SINCE.draw(rng))


def back(rng: np.random.Generator) -> Utterance:
    return Utterance(kind=Kind.BACK, words=_pick(rng, BACK))


def stop(rng: np.random.Generator) -> Utterance:
    return Utterance(kind=Kind.STOP, words=STOP.draw(rng))


MAKERS = {
    **{Kind.STOP: stop, Kind.CHANGE: change, Kind.TALK: talk, Kind.ASK: ask, Kind.DELEGATE: delegate},
    **{Kind.SINCE: since, Kind.BACK: back},
}


def sight(rng: np.random.Generator, kind: Kind) -> Utterance:
    return seen(asks.random_ask(rng, kind.value))


def seen(ask: asks.Ask) -> Utterance:
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
        clauses = [STORIES.draw(rng), *(_clause(rng) for _ in range(rng.integers(1, 4)))]
        if rng.random() < 0.6:
            clauses.append(f"{_pick(rng, ENDINGS)} {rng.choice(vocab.ASKED_CUES)}")
        return Utterance(kind=Kind.CHATTER, words=" ".join(clauses))
    last = str(rng.choice(vocab.ASKED_CUES)) if rng.random() < 0.6 else str(rng.choice(_CHATTER_POOL))
    first = [str(word) for word in rng.choice(vocab.CHATTER, size=rng.integers(0, 4))]
    return Utterance(kind=Kind.CHATTER, words=" ".join([*first, last]))


def _nearly(rng: np.random.Generator) -> str:
    """What sounds a little like a request."""
    return NEAR_MISS.draw(rng).format(
        chatter=rng.choice(vocab.CHATTER),
        noun=rng.choice(vocab.NOUNS),
        number=rng.choice(vocab.NUMBERS),
        verb=rng.choice(vocab.VERBS),
        cue=rng.choice(vocab.ASKED_CUES),
        name=rng.choice(NAMES),
        country=rng.choice(COUNTRIES),
        n=vocab.say_number(int(rng.choice(vocab.ALL_TENTHS))),
    )


def _clause(rng: np.random.Generator) -> str:
    return f"{_pick(rng, JOINTS)} {STORIES.draw(rng)}"


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]
