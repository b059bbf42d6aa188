"""How long ago, in the words in which people say it: a model that was asked for "every twenty four seconds" has to find
the same digits, and need not subtract one time from another.

One hot each: seconds below twenty, or the ones of more; below twenty, twenty … sixty, seventy and more; the micro-turn
within the second. From seventy seconds on only that. Torch-free.
"""

from __future__ import annotations

from cluster.types import MICRO_TURN_MS

_ONES, _TENS, _PARTS = 20, 7, 1000 // MICRO_TURN_MS
SIZE = _ONES + _TENS + _PARTS
_MOST = 70  # seconds


def since_places(micro_turns: int) -> tuple[int, ...]:
    """Which of `SIZE` features are 1; none for 0, which stands for nothing to count from."""
    if not micro_turns:
        return ()
    seconds, part = divmod(micro_turns, _PARTS)
    if seconds >= _MOST:
        return (_ONES + _TENS - 1,)
    tens, ones = divmod(seconds, 10) if seconds >= 20 else (1, seconds)
    return ones, _ONES + tens - 1, _ONES + _TENS + part


def since_features(since: tuple[int, int]) -> list[float]:
    """Of micro-turns since the last output and since the newest request was kept, one after the other: 2 * SIZE."""
    features = [0.0] * (2 * SIZE)
    for index, micro_turns in enumerate(since):
        for place in since_places(micro_turns):
            features[index * SIZE + place] = 1.0
    return features
