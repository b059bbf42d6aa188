"""Single pictures for learning to see: cheap enough to have each scene once, so that none is learned by heart."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from training.sights.store import Portraits
from training.views import patched


@dataclass(slots=True)
class Album:
    """The newest `steps` lots of portraits."""

    steps: int = 16
    _lots: list[Portraits] = field(default_factory=list)

    def add(self, lot: Portraits) -> None:
        self._lots = [*self._lots[-self.steps + 1 :], lot]

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Patches [N, G, X], tracks [N, S], stances [N, Q]: all of the newest lot, the rest of any."""
        lots = [self._lots[-1]]
        size = len(lots[0].track_NC)
        lots += [self._lots[int(rng.integers(len(self._lots)))] for _ in range(-(-(count - size) // size))]
        pictures = np.concatenate([lot.pictures_NSS3 for lot in lots])
        track = np.concatenate([lot.track_NC for lot in lots]).astype(np.int64)
        stance = np.concatenate([lot.stance_NQ for lot in lots])
        return torch.from_numpy(patched(pictures)), torch.from_numpy(track), torch.from_numpy(stance)
