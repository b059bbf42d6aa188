"""Sentences from parts, without those that would share four words in a row with what the evaluation says."""

from __future__ import annotations

import itertools
import re
import zlib

import numpy as np

# What the evaluation says: a blank is one word. Sentences that would share it are left out.
_THEIRS = """
    a {} give me, a {} sounds say, after i said go, after {} seconds tell, again every {} seconds, and then tell me,
    are gone it is, are over it is, are there in {}, as soon as {}, at the end of, at {} seconds please, be {} once
    in, color does {} have, comes right after {}, comes right before {}, comes up say {}, count each {} for, count
    every {} that, count how many times, do you know the, each time {} seconds, each {} for me, each {} seconds
    tell, each {} tell me, every {} seconds let, give me {} when, go to {} seconds, hear {} after each, hear {} and
    let, hear {} once every, hear {} tell me, hear {} {} seconds, hotel in {} please, how many seconds ago, i said
    go to, i want to hear, i want you to, i would like {}, if there is a, in {} seconds let, is a {} give, is
    opposite to {}, it takes {} seconds, know the color of, let me hear {}, many seconds ago was, me hear {} after,
    me the number of, me what number follows, me {} when there, me {} {} seconds, name the color of, no more of it,
    now how many seconds, on every {} seconds, once every {} seconds, once in {} seconds, please count every {},
    please count how many, please say {} each, please tell me what, say {} after each, say {} again and, say {} each
    {}, says {} then tell, search for a good, seconds and then tell, seconds are gone it, seconds are over it,
    seconds go by and, seconds let me hear, tell me the number, tell me what number, tell me {} at, tell me {}
    whenever, the color of {}, the number of seconds, the word {} comes, then it is {}, then tell me {}, there is a
    {}, to hear {} each, to hear {} once, to hear {} {}, wait go to {}, wait {} seconds and, want to hear {}, want
    you to say, what number follows {}, when there is a, when {} is said, whenever you hear {}, would like {} as,
    you hear {} count, you hear {} tell, you know the color, {} after each {}, {} again and again, {} and let me, {}
    as often as, {} at every {}, {} comes up say, {} each {} seconds, {} give me {}, {} i want to, {} is said say,
    {} more seconds i, {} once every {}, {} once in {}, {} seconds and then, {} seconds are gone, {} seconds are up,
    {} seconds from now, {} seconds go by, {} seconds instead please, {} seconds later i, {} seconds let me, {}
    seconds tell me, {} sounds say {}, {} tell me {}, {} then tell me, {} when there is
"""


def listed(text: str) -> tuple[str, ...]:
    """What stands between commas, over lines."""
    return tuple(" ".join(each.split()) for each in text.split(","))


_REFUSED = frozenset(tuple(each.split()) for each in listed(_THEIRS))
_LENGTHS = {len(each) for each in _REFUSED}


def ours(text: str) -> bool:
    words = re.sub(r"{[a-z]+}", "{}", text).split()
    return not any(
        tuple(words[at : at + length]) in _REFUSED for length in _LENGTHS for at in range(len(words) - length + 1)
    )


def ways(*parts: tuple[str, ...]) -> tuple[str, ...]:
    """One of each part, in order; an empty part is left out."""
    texts = dict.fromkeys(" ".join(filter(None, each)) for each in itertools.product(*parts))
    return tuple(filter(ours, texts))


def without(texts: tuple[str, ...], *parts: str) -> tuple[str, ...]:
    """The texts that none of the parts stands in; what else was drawn stays as it was."""
    return tuple(text for text in texts if not any(f" {part} " in f" {text} " for part in parts))


def some(count: int, *parts: tuple[str, ...]) -> tuple[str, ...]:
    """`count` of what `ways` would give, drawn at random but the same each time; a part twice in its list is drawn so.

    Raises ValueError where the parts give fewer.
    """
    rng = np.random.default_rng(zlib.crc32(repr(parts).encode()))
    texts: dict[str, None] = {}
    for _ in range(20 * count):
        text = " ".join(filter(None, (part[int(rng.integers(len(part)))] for part in parts)))
        if ours(text):
            texts[text] = None
        if len(texts) == count:
            return tuple(texts)
    raise ValueError(f"some: {len(texts)} of {count} sentences found; ask for fewer or give more parts")
