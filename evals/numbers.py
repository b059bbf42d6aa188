"""Numbers as they are said and as they are answered: one to ninety-nine, halves in requests. Pure."""

from __future__ import annotations

from training.vocab import words_of

_UNITS = words_of(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = words_of("twenty thirty forty fifty sixty seventy eighty ninety")


def say_count(value: int) -> str:
    """Raises ValueError outside 0 to 99."""
    if not 0 <= value <= 99:
        raise ValueError(f"value: {value} is not in 0..99")
    if value < len(_UNITS):
        return _UNITS[value]
    tens, unit = divmod(value, 10)
    return _TENS[tens - 2] + (f" {_UNITS[unit]}" if unit else "")


def say_tenths(tenths: int) -> str:
    """25 -> "two and a half". Raises ValueError for other fractions than a half."""
    whole, rest = divmod(tenths, 10)
    if rest not in (0, 5):
        raise ValueError(f"tenths: {tenths} is neither whole nor a half")
    return say_count(whole) + (" and a half" if rest else "")


_VALUES = {say_count(value): value for value in range(100)}


def number(words: str) -> int:
    """The inverse of `say_count`. Raises KeyError."""
    return _VALUES[words]
