"""A voice for tests of evaluation sets, which needs no engine; and policies that read the labels."""

from __future__ import annotations

import numpy as np

from evals.items import Item, Said


def tone(voice: str, text: str, speed: float) -> np.ndarray:
    """40 ms a letter, at the pitch of the voice."""
    t = np.arange(int(len(text) * 0.04 * 16000 / speed)) / 16000
    return (0.08 * np.sin(2 * np.pi * (150 + len(voice)) * t)).astype(np.float32)


def oracle(item: Item, delay_s: float = 0.0) -> list[Said]:
    return [Said(onset_s=(due.from_s + due.to_s) / 2 + delay_s, text=due.text) for due in item.expect]


def said(*what: tuple[float, str]) -> list[Said]:
    return [Said(onset_s=at, text=text) for at, text in what]
