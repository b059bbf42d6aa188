"""Policies that see nothing. The one that hears the question is the leak test: guarded, it must not beat silence."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from evals.items import Item, Said
from evals.render.shapes import COLOURS, SHAPES

Policy = Callable[[Item], list[Said]]
_PAIRS = [f"{colour} {shape}" for shape in SHAPES for colour in COLOURS]


def policies(items: Sequence[Item], seed: int) -> dict[str, Policy]:
    """seed: of the moment at which the guesses are made."""
    answers = Counter(due.text for item in items for due in item.expect)
    usual = answers.most_common(1)[0][0] if answers else _PAIRS[0]

    def asked(item: Item) -> str:
        return item.tags.get("target") or usual

    def once(item: Item) -> list[Said]:
        rng = np.random.default_rng([seed, zlib.crc32(item.id.encode())])
        return [Said(onset_s=float(rng.uniform(4.0, max(4.1, item.duration_s))), text=asked(item))]

    return {
        "silence": lambda item: [],
        "usual answer at once": lambda item: [Said(onset_s=0.2, text=usual)],
        "everything each second": lambda item: _each(item, 1.0, _PAIRS),
        "question only, once": once,
        "question only, each second": lambda item: _each(item, 1.0, [asked(item)]),
        "question only, every five seconds": lambda item: _each(item, 5.0, [asked(item)]),
    }


def _each(item: Item, step_s: float, texts: Sequence[str]) -> list[Said]:
    count = int((item.duration_s - 4.0) / step_s)
    return [Said(onset_s=4.0 + index * step_s, text=texts[index % len(texts)]) for index in range(max(0, count))]
