"""Detectors of motion, whatever it is: they see the whole clip and do not know what was asked for."""

from __future__ import annotations

from collections.abc import Callable

from evals.items import Item, Said
from evals.media import Media
from evals.motion import active, bouts

Policy = Callable[[Item, Media], list[Said]]
_ASKING_S = 4.0


def policies(seed: int) -> dict[str, Policy]:
    """seed: unused here; nothing is drawn."""
    return {"first to last motion": whole, "longest motion": longest, "every motion": every}


def whole(item: Item, media: Media) -> list[Said]:
    span = active(media, _ASKING_S)
    return _said([span] if span else [])


def longest(item: Item, media: Media) -> list[Said]:
    found = bouts(media, _ASKING_S)
    return _said([max(found, key=lambda each: each[1] - each[0])] if found else [])


def every(item: Item, media: Media) -> list[Said]:
    return _said([each for each in bouts(media, _ASKING_S) if each[1] > each[0]])


def _said(spans: list[tuple[float, float]]) -> list[Said]:
    words = [(at, word) for start, stop in spans for at, word in ((start, "start"), (stop, "stop"))]
    return [Said(onset_s=at, text=word) for at, word in words]
