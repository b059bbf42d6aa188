"""What floors and baselines of the audio sets share. A policy is told more than a model would know (the phrase, the end
of the request), so that a floor is rather too high than too low.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from evals import vad
from evals.engines.base import Samples
from evals.items import Item, Said

Policy = Callable[[Item], list[Said]]


class Heard(Protocol):
    """What an item sounds like: samples at 16 kHz (`evals.media.Media`)."""

    audio_N: Samples


HearingPolicy = Callable[[Item, Heard], list[Said]]
REACTION_S = 0.4  # what a micro-turn and its way out take
PAUSE_S = 0.4  # a turn-taker believes that a turn is over after this much silence


def phrase_of(item: Item) -> str:
    """What the item asks to be said; where it asks for nothing, what was spoken of, or a greeting."""
    return item.expect[0].text if item.expect else item.tags.get("phrase", "hello")


def asked_at(item: Item) -> float:
    """The end of the first request; 3 s where there is none, for a blind policy does not know that, or as much as an
    item has.
    """
    return next((event.t_s for event in item.events if event.kind == "request end"), min(3.0, item.duration_s))


def said_at(moments: Sequence[float], text: str, item: Item) -> list[Said]:
    return [Said(onset_s=at, text=text) for at in moments if at < item.duration_s]


def every(start_s: float, interval_s: float, item: Item, text: str) -> list[Said]:
    count = max(0, int((item.duration_s - start_s) / interval_s))
    return said_at([start_s + interval_s * index for index in range(1, count + 1)], text, item)


def turns(heard: Heard) -> list[vad.Span]:
    return vad.energy(heard.audio_N, pause_s=PAUSE_S)
