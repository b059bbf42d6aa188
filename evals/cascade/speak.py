"""From a cascade's replies to what is heard: normalised as a voice would read them, spoken by the unit voice, cut short
when the user begins to speak. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cluster.voice.units import Units
from evals.items import Said
from evals.numbers import say_count

WORD_S = 0.4  # a word the voice has no recording of
_NUMBERS = frozenset(say_count(n) for n in range(1, 41))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """at_s: when its first sound leaves, in media time."""

    at_s: float
    words: tuple[str, ...]


def words_of(text: str) -> tuple[str, ...]:
    """As it would be read aloud: lower case, no signs, small numbers in words. Only the first line is an answer."""
    line = text.strip().split("\n")[0].lower()
    found = re.findall(r"[a-z']+|\d+", line)
    spoken = " ".join(say_count(int(word)) if word.isdigit() and 1 <= int(word) <= 99 else word for word in found)
    return tuple(spoken.split())


def voiced(replies: Sequence[Reply], barge_ins: Sequence[float], units: Units, end_s: float) -> list[Said]:
    """barge_ins: when the pipeline noticed that the user speaks; what then sounds is cut off, and not heard.

    A reply that is a list of numbers is as many outputs, for each number is judged by itself; any other is one.
    """
    said: list[Said] = []
    free_s = 0.0
    for reply in replies:
        at_s = max(reply.at_s, free_s)
        stop_s = min((t for t in barge_ins if t > at_s), default=end_s)
        spoken: list[Said] = []
        for word in _pieces(reply.words):
            if at_s >= min(stop_s, end_s):
                break
            long_s = sum(_seconds(each, units) for each in word.split())
            spoken.append(Said(onset_s=round(at_s, 4), text=word, end_s=round(min(at_s + long_s, stop_s), 4)))
            at_s += long_s
        free_s = at_s
        said += spoken if _counts(reply.words) else _joined(spoken)
    return said


def _pieces(words: tuple[str, ...]) -> list[str]:
    """Numbers of two words stay together."""
    found: list[str] = []
    for word in words:
        joined = f"{found[-1]} {word}" if found else ""
        if joined in _NUMBERS:
            found[-1] = joined
        else:
            found.append(word)
    return found


def _counts(words: tuple[str, ...]) -> bool:
    return len(words) > 1 and all(piece in _NUMBERS for piece in _pieces(words))


def _joined(spoken: Sequence[Said]) -> list[Said]:
    if not spoken:
        return []
    text = " ".join(each.text for each in spoken)
    return [Said(onset_s=spoken[0].onset_s, text=text, end_s=spoken[-1].end_s)]


def _seconds(word: str, units: Units) -> float:
    unit = units.by_words.get((word,))
    return len(unit.sound) / units.sample_rate if unit else WORD_S
