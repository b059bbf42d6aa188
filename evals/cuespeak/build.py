"""CueSpeak-style items: a standing rule, then a monologue; the answer is due while the user goes on speaking."""

from __future__ import annotations

from pathlib import Path

from evals.booth import Booth, Speak
from evals.cuespeak import texts, texts_dev
from evals.engines.voices import Split, speak
from evals.items import Event, Expect, Forbid, Item
from evals.numbers import say_count
from evals.sets import build_set
from evals.sounds import SOUNDS, sound
from training import vocab

FAMILIES = {
    "word": 72,
    "word by people": 18,
    "sound": 68,
    "count": 56,
    "word without cue": 34,
    "word without cue by people": 8,
    "sound without cue": 25,
    "count without cue": 25,
}
WINDOW_S = 1.5
_NEW_SHARE = 0.3  # of the cues, words outside the vocabulary of the checkpoint
_OTHER_SHARE = 0.15  # of the cues, spoken by somebody else

_NEAR = texts.NEAR | texts_dev.NEAR  # of words; sounds have none


def build(
    folder: Path, split: Split = Split.TEST, seed: int = 0, items: int | None = None, say: Speak = speak
) -> list[Item]:
    """Writes the set into `folder`. items: about as many, with the same shares."""
    return build_set(folder, "cuespeak", split, seed, FAMILIES, record, items, say, unusual=0.07)


def record(booth: Booth, name: str, family: str) -> Item:
    """How many cues there are depends on nothing; where they are is even over the sentences of the monologue."""
    rng, kind = booth.rng, family.split(" ")[0]
    booth.wait(0.4, 3.0)
    cue, wanted = _ask(booth, kind)
    begun = booth.at_s
    booth.wait(0.9, 2.0)
    sentences = int(rng.integers(3, 7))
    cues = 0 if "without" in family else int(rng.integers(1, 1 + min(5, sentences)))
    places = set(rng.choice(sentences, size=cues, replace=False).tolist())
    expect = []
    for place in range(sentences):
        if place in places:
            end = _give(booth, kind, cue)
            text = say_count(len(expect) + 1) if kind == "count" else wanted
            expect.append(Expect(text=text, from_s=end, to_s=end + WINDOW_S))
        else:
            _pass(booth, kind, cue)
        booth.wait(0.03, 0.2)
        spoken = booth.at_s
        booth.say(booth.talk(texts_dev.TALK if booth.dev else texts.TALK))
        while booth.at_s < spoken + 2.0:  # the user talks on for two seconds at least
            booth.wait(0.03, 0.15)
            booth.say(booth.talk(texts_dev.TALK if booth.dev else texts.TALK))
        booth.wait(0.2, 1.2)
    forbid = (Forbid(from_s=0.0, to_s=begun),) if expect else (Forbid(from_s=0.0, to_s=booth.at_s + 1.5),)
    booth.tags |= {"cues": f"{cues}", "cue": cue}
    return booth.finish(name, booth.at_s + 1.5, expect, forbid)


def _ask(booth: Booth, kind: str) -> tuple[str, str]:
    """The cue and the answer of the rule, after the user has told it."""
    if booth.recorded:
        return _ask_recorded(booth)
    phrases = vocab.HELD_OUT_PHRASES
    say = booth.pick([each for index, each in enumerate(phrases) if (index % 4 == 0) == booth.dev])
    if kind == "sound":
        cue = booth.pick(SOUNDS)
        booth.ask(booth.way(texts.SOUND, texts_dev.SOUND).format(say=say, cue=cue))
        return cue, say
    new = bool(booth.rng.random() < _NEW_SHARE)
    cue = booth.way(texts.NEW_CUES, texts_dev.NEW_CUES) if new else booth.pick(texts.KNOWN_CUES)
    booth.tags["cue_kind"] = "new" if new else "known"
    if kind == "count":
        booth.ask(booth.way(texts.COUNT, texts_dev.COUNT).format(cue=cue))
        return cue, ""
    booth.ask(booth.way(texts.WORD, texts_dev.WORD).format(say=say, cue=cue))
    return cue, say


def _ask_recorded(booth: Booth) -> tuple[str, str]:
    cue, say = booth.pick(texts.CUES_RECORDED), booth.pick(texts.SAY_RECORDED)
    booth.tags["cue_kind"] = "new"
    booth.ask(booth.pick(texts.WORD_RECORDED).format(say=say, cue=cue))
    return cue, say


def _give(booth: Booth, kind: str, cue: str) -> float:
    """The cue, in speech or as a sound; returns its end."""
    if kind == "sound":
        if booth.rng.random() < 0.5:
            _mention(booth, booth.way(texts.NEW_CUES, texts_dev.NEW_CUES), "speech")
            booth.wait(0.05, 0.25)
        return booth.put(sound(booth.rng, cue), "cue", cue, float(booth.rng.uniform(-6, 3)))
    if kind == "word" and booth.rng.random() < _OTHER_SHARE:
        return booth.put(booth.foreign(cue), "cue", cue, float(booth.rng.uniform(-4, 0)))
    if booth.recorded:
        return booth.put(booth.clip(cue), "cue", cue)
    return _mention(booth, cue, "cue lead")


def _pass(booth: Booth, kind: str, cue: str) -> None:
    """Something like a cue that is none: a word that sounds nearly so, or another sound."""
    if kind == "sound" and booth.rng.random() < 0.4:
        other = booth.pick([each for each in SOUNDS if each != cue])
        booth.put(sound(booth.rng, other), "other sound", other, float(booth.rng.uniform(-6, 3)))
        return
    if booth.recorded:
        near = booth.pick([each for each in texts.CUES_RECORDED if each != cue])
        booth.say(near, "near miss")
        return
    _mention(booth, booth.pick(_NEAR.get(cue, texts.KNOWN_CUES)), "near miss")


def _mention(booth: Booth, word: str, kind: str) -> float:
    """A sentence that ends with the word, which is spoken by itself, so that both its ends are known to the sample."""
    booth.say(booth.way(texts.LEADS, texts_dev.LEADS), kind)
    booth.wait(0.02, 0.06)
    end = booth.say(word, "word")
    booth.events.append(Event(t_s=end, kind="word end", text=word))
    return end
