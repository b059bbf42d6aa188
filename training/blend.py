"""Weights between those that a run began with and those that it ended with.

A run at a high rate ends beside a minimum, and forgets some of what it could before; on the way back to where it began
much is better than at either end. Wortsman et al. 2022, Robust fine-tuning of zero-shot models (arXiv:2109.01903).
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import torch

from training.inherit import inherit
from training.model import Micro


def blend(model: Micro, began: Path, own: float) -> None:
    """Moves every weight towards that of the checkpoint `began`: `own` (0 to 1) is the share it keeps of itself.

    What the checkpoint does not have stays as it is. Raises ValueError for a checkpoint of another shape.
    """
    start = deepcopy(model).cpu()
    inherit(start, began)
    with torch.no_grad():
        for kept, old in zip(model.parameters(), start.parameters(), strict=True):
            kept.lerp_(old.to(kept.device), 1 - own)
