"""One token from logits: greedy, or seeded by (seed, session, k, token index) so that a replay draws the same."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from cluster.model.config import ModelConfig


class Sampler:
    def __init__(self, config: ModelConfig, seed: int) -> None:
        self._sil, self._seed = config.sil_token_id, seed
        self._sil_bias, self._temperature = config.sampling.sil_bias, config.sampling.temperature

    def __call__(self, logits_SV: Tensor, draws: list[tuple[str, int, int]]) -> list[int]:
        """A token for each row of fp32 logits; draws[s] is (session, k, index of the token in the micro-turn)."""
        if self._sil_bias:
            logits_SV = logits_SV.clone()
            logits_SV[:, self._sil] += self._sil_bias
        if not self._temperature:
            return logits_SV.argmax(dim=-1).tolist()
        probs_SV = torch.softmax(logits_SV / self._temperature, dim=-1)
        return [self._draw(probs_V, draw) for probs_V, draw in zip(probs_SV, draws, strict=True)]

    def _draw(self, probs_V: Tensor, draw: tuple[str, int, int]) -> int:
        digest = hashlib.sha256(repr((self._seed, *draw)).encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "little", signed=True))
        return int(torch.multinomial(probs_V, 1, generator=generator))
