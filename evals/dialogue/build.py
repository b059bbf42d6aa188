"""Dialogue dynamics: whose turn it is, who yields, and what is not meant for the model.

Definitions follow those of Full-Duplex-Bench in spirit (turn taking, interruption, user backchannel, talking to
others, background speech), with labels known from synthesis instead of detectors and transcripts.
"""

from __future__ import annotations

from pathlib import Path

from evals.booth import Booth, Speak
from evals.carriers import ASIDES, CHAT
from evals.dialogue import texts, texts_dev
from evals.dialogue.score import COUNT_S, YIELD_S
from evals.engines.voices import Split, speak
from evals.items import Event, Expect, Forbid, Item
from evals.numbers import say_count
from evals.sets import build_set
from training.answers import DELEGATED_REPLY

FAMILIES = {
    "question": 75,
    "delegate": 40,
    "interruption": 60,
    "interruption by question": 20,
    "backchannel": 45,
    "aside": 40,
    "background": 25,
    "background by people": 15,
}
ANSWER_S = 2.0
_QUESTIONS = {
    False: texts.questions(texts.KEYED, texts.HOW_MANY),
    True: texts.questions(texts_dev.KEYED, texts_dev.HOW_MANY),
}
_RATE = 16_000


def build(
    folder: Path, split: Split = Split.TEST, seed: int = 0, items: int | None = None, say: Speak = speak
) -> list[Item]:
    """Writes the set into `folder`. items: about as many, with the same shares."""
    return build_set(folder, "dialogue", split, seed, FAMILIES, record, items, say)


def record(booth: Booth, name: str, family: str) -> Item:
    booth.wait(0.5, 3.5)
    return _RECORDERS[family](booth, name)


def _draw(booth: Booth) -> tuple[tuple[str, ...], str]:
    """The ways to ask one question, and its answer."""
    questions = _QUESTIONS[booth.dev]
    return questions[int(booth.rng.integers(len(questions)))]


def _question(booth: Booth, name: str) -> Item:
    """Sometimes the user chats first; nothing is to be said before the question has ended."""
    if booth.rng.random() < 0.4:
        booth.say(booth.pick(CHAT))
        booth.wait(0.8, 2.0)
    ways, answer = _draw(booth)
    end = booth.ask(booth.pick(ways))
    return booth.finish(
        name,
        end + ANSWER_S + float(booth.rng.uniform(2.0, 5.0)),
        (Expect(text=answer, from_s=end, to_s=end + ANSWER_S),),
        (Forbid(from_s=0.0, to_s=end),),
    )


def _delegate(booth: Booth, name: str) -> Item:
    text = booth.way(texts.DELEGATED, texts_dev.DELEGATED)
    end = booth.ask(
        text.format(place=booth.pick(texts.PLACES), book=booth.pick(texts.BOOKS), city=booth.pick(texts.CITIES))
    )
    window = {"from_s": end, "to_s": end + ANSWER_S}
    expect = (Expect(text="<delegate>", **window), Expect(text=DELEGATED_REPLY, **window))
    return booth.finish(name, end + ANSWER_S + 3.0, expect, (Forbid(from_s=0.0, to_s=end),))


def _counting(booth: Booth, lowest: int, highest: int) -> tuple[float, list[Expect]]:
    """The user asks for a count; each number is due 0.6 s after the one before it, the first within 2 s."""
    n = int(booth.rng.integers(lowest, highest + 1))
    end = booth.ask(booth.way(texts.COUNT, texts_dev.COUNT).format(n=say_count(n)))
    booth.tags["n"] = f"{n}"
    return end, [
        Expect(text=say_count(i + 1), from_s=end + COUNT_S * i, to_s=end + COUNT_S * i + ANSWER_S) for i in range(n)
    ]


def _interrupted(booth: Booth, name: str, by_question: bool) -> Item:
    end, numbers = _counting(booth, 14, 20)
    cut = end + float(booth.rng.uniform(3.4, 6.4))
    booth.at_s = cut
    due = []
    if by_question:
        ways, answer = _draw(booth)
        while answer in _NUMBERS:  # a number could not be told from the count
            ways, answer = _draw(booth)
        stopped = booth.say(booth.pick(ways), "interruption")
        due = [Expect(text=answer, from_s=stopped, to_s=stopped + ANSWER_S)]
    else:
        stopped = booth.say(booth.pick(texts.INTERRUPTIONS), "interruption")
    booth.events.append(Event(t_s=stopped, kind="interruption end"))
    # Those which a count that began in the middle of its window would have reached; up to the cut they are due.
    reached = [number for number in numbers if (number.from_s + number.to_s) / 2 < cut + 0.3]
    seconds = stopped + 6.0
    return booth.finish(name, seconds, (*reached, *due), (Forbid(from_s=cut + YIELD_S, to_s=stopped),))


def _interruption(booth: Booth, name: str) -> Item:
    return _interrupted(booth, name, by_question=False)


def _interruption_by_question(booth: Booth, name: str) -> Item:
    return _interrupted(booth, name, by_question=True)


def _backchannel(booth: Booth, name: str) -> Item:
    """The listener agrees while the model counts; it goes on counting."""
    end, numbers = _counting(booth, 10, 16)
    booth.at_s = end + 2.4
    last = end + COUNT_S * (len(numbers) - 1)  # by then even the earliest count still goes on
    while True:
        text = booth.pick(texts.BACKCHANNELS)
        if booth.at_s + len(booth.clip(text)) / _RATE > last - 0.6:
            break
        booth.put(booth.clip(text), "backchannel", text, float(booth.rng.uniform(-8, -2)))
        booth.wait(1.4, 3.0)
    return booth.finish(name, numbers[-1].to_s + 2.5, numbers)


def _aside(booth: Booth, name: str) -> Item:
    """The user talks to somebody else in the room, who answers."""
    for _ in range(int(booth.rng.integers(2, 5))):
        booth.say(booth.pick(ASIDES), "aside")
        booth.wait(0.3, 1.2)
        if booth.rng.random() < 0.6:
            booth.put(booth.foreign(booth.pick(CHAT)), "other", "", float(booth.rng.uniform(-8, -2)))
            booth.wait(0.3, 1.5)
    return _nothing(booth, name)


def _background(booth: Booth, name: str) -> Item:
    """People talk near by, or a radio is on."""
    gain_db = float(booth.rng.uniform(-12, 0))
    near = booth.chat if booth.recorded else booth.foreign
    for _ in range(int(booth.rng.integers(3, 6))):
        booth.put(near(booth.pick(CHAT + ASIDES)), "background", "", gain_db)
        booth.wait(0.1, 1.5)
    return _nothing(booth, name)


def _nothing(booth: Booth, name: str) -> Item:
    seconds = booth.at_s + 3.0
    return booth.finish(name, seconds, (), (Forbid(from_s=0.0, to_s=seconds),))


_NUMBERS = {say_count(value) for value in range(100)}
_RECORDERS = {
    "question": _question,
    "delegate": _delegate,
    "interruption": _interruption,
    "interruption by question": _interruption_by_question,
    "backchannel": _backchannel,
    "aside": _aside,
    "background": _background,
}
