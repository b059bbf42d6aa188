"""What tests of evaluation sets share: a voice that costs nothing, and an oracle."""

from __future__ import annotations

import numpy as np

from evals.items import Item, Said


def tone(voice: str, text: str, speed: float) -> np.ndarray:
    """60 ms a letter."""
    t = np.arange(int(len(text) * 0.06 * 16000 / speed)) / 16000
    return (0.08 * np.sin(2 * np.pi * (150 + len(voice)) * t)).astype(np.float32)


def oracle(item: Item, delay_s: float = 0.0) -> list[Said]:
    return [Said(onset_s=due.from_s + delay_s, text=due.text) for due in item.expect]
