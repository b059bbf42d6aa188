"""Tokens, dMel codes and patches become rows of the model.

Legend: T rows, D model width, N micro-turns with audio, A audio tokens of a micro-turn, F frames, M mel channels.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from cluster.model.config import ModelConfig
from cluster.model.layers import elapsed_features, rms_norm
from cluster.model.sequence import Rows
from cluster.model.tiles import RowMath
from cluster.types import MICRO_TURN_MS


class Embedding:
    def __init__(self, weights: dict[str, Tensor], config: ModelConfig, math: RowMath, dtype: torch.dtype) -> None:
        self._config, self._math, self._dtype = config, math, dtype
        self._tokens_VD = weights["model.embed_tokens.weight"]
        self._channels = weights["model.audio.channel_embed.weight"]
        self._audio_norm = weights["model.audio.norm.weight"]
        self._elapsed = weights["model.elapsed.weight"]
        names = ["audio", "vision"] if config.vision else ["audio"]
        self._up = {name: weights[f"model.{name}.up_proj.weight"].to(dtype) for name in names}
        self._down = {name: weights[f"model.{name}.down_proj.weight"].to(dtype) for name in names}
        self._channel_offsets_M = torch.arange(config.audio.num_mels) * config.audio.levels

    def __call__(self, rows: Rows) -> Tensor:
        """[T, D] in fp32."""
        x_TD = self._tokens_VD[torch.tensor(rows.tokens, dtype=torch.int64)]
        if rows.audio:
            audio_in = self._config.micro_turn.audio_in
            x_TD[_spread([row for row, _ in rows.audio], audio_in)] = self._audio([codes for _, codes in rows.audio])
        if rows.patches and self._config.vision:
            patch_bytes = self._config.vision.patch_bytes
            places = [row + i for row, pixels in rows.patches for i in range(len(pixels) // patch_bytes)]
            x_TD[torch.tensor(places)] = self._vision(b"".join(pixels for _, pixels in rows.patches), patch_bytes)
        if rows.elapsed:
            x_TD[torch.tensor([row for row, _ in rows.elapsed])] += self._elapsed_rows([k for _, k in rows.elapsed])
        return x_TD

    def _audio(self, turns: list[bytes]) -> Tensor:
        """[N * A, D]. Token j of a micro-turn sees its frames_per_token frames and the context_frames before them."""
        audio = self._config.audio
        codes_FM = _bytes(b"".join(turns)).view(-1, audio.num_mels).int() + self._channel_offsets_M.int()
        frames_F = functional.embedding_bag(codes_FM, self._channels, mode="sum").view(
            len(turns), -1, audio.channel_dim
        )
        tokens = frames_F.unfold(1, audio.token_frames, audio.frames_per_token)  # [N, A, channel_dim, token_frames]
        x = tokens.transpose(2, 3).reshape(-1, audio.token_frames * audio.channel_dim)
        x = rms_norm(x, self._audio_norm, self._config.rms_norm_eps).to(self._dtype)
        h = functional.silu(self._math.linear(x, self._up["audio"]))
        return self._math.linear(h, self._down["audio"]).float()

    def _vision(self, pixels: bytes, patch_bytes: int) -> Tensor:
        x = (_bytes(pixels).view(-1, patch_bytes).float() / 127.5 - 1.0).to(self._dtype)
        h = functional.gelu(self._math.linear(x, self._up["vision"]))
        return self._math.linear(h, self._down["vision"]).float()

    def _elapsed_rows(self, ks: list[int]) -> Tensor:
        periods = self._config.elapsed.periods
        return self._math.linear(
            torch.tensor([elapsed_features(k, periods, MICRO_TURN_MS / 1000) for k in ks]), self._elapsed
        )


def _bytes(data: bytes) -> Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)


def _spread(firsts: list[int], count: int) -> Tensor:
    return torch.tensor([first + i for first in firsts for i in range(count)])
