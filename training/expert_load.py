"""How evenly a checkpoint's router spreads its tokens over the experts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from cluster.model.moe import ExpertBank


class CountingBank(ExpertBank):
    """A bank of every expert that counts the rows each is given: `rows_LE`, layers by experts."""

    def __init__(self, checkpoint: Path) -> None:
        super().__init__(checkpoint)
        self.checkpoint = checkpoint
        self.rows_LE = np.zeros((self.num_layers, len(self.experts)), np.int64)

    def forward(self, layer: int, experts_R: Sequence[int], rows_RD: Tensor) -> Tensor:
        self.rows_LE[layer] += np.bincount(experts_R, minlength=len(self.experts))
        return super().forward(layer, experts_R, rows_RD)

    def report(self) -> dict[str, list[float]]:
        """By layer, what the busiest and the idlest expert got of an even share; 1.0 is even."""
        even_LE = self.rows_LE / self.rows_LE.mean(axis=1, keepdims=True)
        return {
            "busiest": [round(float(most), 2) for most in even_LE.max(axis=1)],
            "idlest": [round(float(least), 2) for least in even_LE.min(axis=1)],
        }
