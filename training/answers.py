"""The closed set of questions that the model answers itself, and their answers. Every other question is delegated.

Each side words the questions as it likes; the subject and the answer are the contract (`evals/ASKS.md`).
"""

from __future__ import annotations

import itertools

from training.vocab import NUMBERS

_OPPOSITES = (
    "hot cold", "up down", "day night", "white black", "open closed", "happy sad", "fast slow", "old new",
    "left right", "wet dry", "loud quiet", "high low", "full empty", "on off", "yes no", "hard soft", "sweet sour",
    "short long", "early late", "big little",
)  # fmt: skip

AFTER = dict(itertools.pairwise(NUMBERS))
"""what comes after KEY"""
BEFORE = {after: before for before, after in AFTER.items()}
"""what comes before KEY"""
OPPOSITE = {a: b for pair in _OPPOSITES for a, b in (pair.split(), reversed(pair.split()))}
"""what is the opposite of KEY"""
COLOR = {"grass": "green", "snow": "white", "the sky": "blue", "a banana": "yellow", "coffee": "black"}
"""what color is KEY"""
HOW_MANY = {
    "days in a week": "seven",
    "legs has a dog": "four",
    "legs has a person": "two",
    "minutes in an hour": "sixty",
    "months in a year": "twelve",
    "seconds in a minute": "sixty",
}
"""how many KEY"""
DELEGATED_REPLY = "one moment"
