"""Something changed: name its colour. It sees the whole clip and has not heard the question."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from evals.items import Item, Said
from evals.media import Media, Picture
from evals.render.shapes import COLOURS

Policy = Callable[[Item, Media], list[Said]]
_ASKING_S, _HEARD_S, _REST_S = 4.0, 0.4, 1.5
_CHANGED = 60.0  # of a pixel's three channels together
_LEAST = 12  # pixels of a 48 x 48 picture


def policies(seed: int) -> dict[str, Policy]:
    """seed: unused here; nothing is drawn."""
    return {"colour of what changes": colours}


def colours(item: Item, media: Media) -> list[Said]:
    said: list[Said] = []
    before: Picture | None = None
    for at_s, picture in media.pictures:
        small = np.asarray(Image.fromarray(picture).resize((48, 48)), np.float64)
        if before is not None and at_s > _ASKING_S and (not said or at_s - said[-1].onset_s > _REST_S):
            name = _appeared(before, small)
            if name:
                said.append(Said(onset_s=at_s + _HEARD_S, text=name))
        before = small
    return said


def _appeared(before: Picture, now: Picture) -> str | None:
    changed = np.abs(now - before).sum(axis=2) > _CHANGED
    if changed.sum() < _LEAST:
        return None
    mean = now[changed].mean(axis=0)
    return min(COLOURS, key=lambda name: float(np.abs(mean - np.array(COLOURS[name])).sum()))
