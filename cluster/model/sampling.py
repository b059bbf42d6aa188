"""One token from logits: greedy, or seeded by (engine, work, session, k, index) so that a replay draws the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor

from cluster.model.config import ModelConfig


@dataclass(frozen=True, slots=True)
class Draw:
    """How one token is chosen. `index` counts the tokens of micro-turn k."""

    session: str
    k: int
    index: int
    temperature: float = 0.0  # 0: greedy
    seed: int = 0


class Sampler:
    def __init__(self, config: ModelConfig, seed: int) -> None:
        self._sil, self._sil_bias, self._seed = config.sil_token_id, config.sampling.sil_bias, seed

    def __call__(self, logits_SV: Tensor, draws: list[Draw]) -> list[int]:
        """A token for each row of fp32 logits."""
        if self._sil_bias:
            logits_SV = logits_SV.clone()
            logits_SV[:, self._sil] += self._sil_bias
        tokens = logits_SV.argmax(dim=-1).tolist()
        for row, draw in enumerate(draws):
            if draw.temperature > 0:
                tokens[row] = self._sample(torch.softmax(logits_SV[row] / draw.temperature, dim=-1), draw)
        return tokens

    def _sample(self, probs_V: Tensor, draw: Draw) -> int:
        key = repr((self._seed, draw.seed, draw.session, draw.k, draw.index)).encode()
        generator = torch.Generator().manual_seed(
            int.from_bytes(hashlib.sha256(key).digest()[:8], "little", signed=True)
        )
        return int(torch.multinomial(probs_V, 1, generator=generator))
