"""The decoder: Qwen3-MoE blocks over ragged rows of many slots, with the experts behind an exchange.

Legend: T rows of the pass, D model width, H query heads, G KV heads, d head width, V vocabulary, S rows with logits.
The residual stream is fp32; what enters a matmul is cast to the weights' dtype.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from cluster.model.attention import Attention
from cluster.model.cache import KvCache
from cluster.model.config import ModelConfig
from cluster.model.dispatch import Exchange
from cluster.model.embed import Embedding
from cluster.model.layers import Rope, rms_norm, rope_table, rotate
from cluster.model.moe import route
from cluster.model.sequence import Rows
from cluster.model.since import since_features
from cluster.model.tiles import row_math


@dataclass(frozen=True, slots=True)
class _Block:
    input_norm: Tensor
    qkv: Tensor
    qk_norm: Tensor  # [H + G, d]: one row per head, so that queries and keys are normed in one go; queries are scaled
    o: Tensor
    post_norm: Tensor
    gate: Tensor


class Transformer:
    def __init__(
        self, weights: dict[str, Tensor], config: ModelConfig, *, dtype: torch.dtype, deterministic: bool
    ) -> None:
        self.config = config
        self._dtype, self._math = dtype, row_math(deterministic)
        self._embed = Embedding(weights, config, self._math, dtype)
        self._blocks = [_block(weights, layer, config, dtype) for layer in range(config.num_hidden_layers)]
        # the block whose output only rows with logits need; none where something enters all rows after it
        entered = [each.layer for each in (config.ctc, config.since) if each]
        self._last = len(self._blocks) - 1 if len(self._blocks) not in entered else None
        self._norm = weights["model.norm.weight"]
        self._lm_head = weights["lm_head.weight"].to(dtype)
        self._cos, self._sin = rope_table(config.max_positions, config.head_dim, config.rope_theta)
        if config.since:
            self._since = weights["model.since.weight"]
        if config.ctc:
            self._ctc_norm, self._ctc_gain = weights["model.ctc.norm.weight"], weights["model.ctc.gain"]
            self._ctc_head = weights["model.ctc.head.weight"].to(dtype)
            self._embed_DV = weights["model.embed_tokens.weight"].t().contiguous().to(dtype)

    @torch.inference_mode()
    def forward(self, rows: Rows, cache: KvCache, exchange: Exchange, beat: Callable[[], None]) -> Tensor:
        """Write the rows' keys and values into the cache; return fp32 logits [S, V] of rows.logits.

        `beat` is called after every layer. A pass without rows still runs every layer's exchange.
        """
        x_TD = self._embed(rows)
        positions_T = torch.tensor(rows.positions, dtype=torch.int64)
        rope_Td = self._cos[positions_T], self._sin[positions_T]
        places_T = cache.places(rows.segments)
        group = self.config.num_attention_heads // self.config.num_key_value_heads
        attention = Attention(rows.segments, cache, group, deterministic=self._math.deterministic)
        kept: list[int] | None = None
        for layer, block in enumerate(self._blocks):
            q_THd, k_TGd, v_TGd = self._qkv(block, x_TD, rope_Td)
            cache.write(layer, places_T, k_TGd, v_TGd)
            if layer == self._last:
                kept, segments = rows.last_block()
                kept_T = torch.tensor(kept, dtype=torch.int64)
                x_TD, q_THd = x_TD[kept_T], q_THd[kept_T]
                attention = Attention(segments, cache, group, deterministic=self._math.deterministic)
            mixed_THd = attention(layer, q_THd)
            x_TD = x_TD + self._math.linear(mixed_THd.flatten(1).to(self._dtype), block.o).float()
            h_TD = self._rms(x_TD, block.post_norm)
            top_k, renormalise = self.config.num_experts_per_tok, self.config.norm_topk_prob
            experts_TK, weights_TK = route(h_TD, block.gate, top_k, renormalise=renormalise, math=self._math)
            x_TD = x_TD + exchange.run(layer, h_TD.to(self._dtype), experts_TK, weights_TK, kept)
            if self.config.ctc and layer + 1 == self.config.ctc.layer and rows.audio:
                self._feed_words_back(x_TD, rows)
            if self.config.since and layer + 1 == self.config.since.layer and rows.elapsed:
                self._tell_since(x_TD, rows)
            beat()
        if kept is None:
            x_TD = x_TD[torch.tensor(rows.logits, dtype=torch.int64)]
        x_SD = self._rms(x_TD[: len(rows.logits)], self._norm)
        return self._math.linear(x_SD.to(self._dtype), self._lm_head).float()

    def _qkv(self, block: _Block, x_TD: Tensor, rope_Td: Rope) -> tuple[Tensor, Tensor, Tensor]:
        """Normed, rotated queries (scaled) and keys, and values; fp32."""
        H, G = self.config.num_attention_heads, self.config.num_key_value_heads
        qkv = self._math.linear(self._rms(x_TD, block.input_norm).to(self._dtype), block.qkv).float()
        qk_TNd, v_TGd = qkv.unflatten(-1, (H + 2 * G, -1)).split((H + G, G), dim=1)
        q_THd, k_TGd = rotate(self._rms(qk_TNd, block.qk_norm), rope_Td).split((H, G), dim=1)
        return q_THd, k_TGd, v_TGd

    def _feed_words_back(self, x_TD: Tensor, rows: Rows) -> None:
        """Word posteriors at audio positions, blank removed, re-enter the residual as word embeddings."""
        audio_in = self.config.micro_turn.audio_in
        places = torch.tensor([first + i for first, _ in rows.audio for i in range(audio_in)])
        h = self._rms(x_TD[places], self._ctc_norm).to(self._dtype)
        words_NV = torch.softmax(self._math.linear(h, self._ctc_head).float(), dim=-1)
        words_NV[:, self.config.sil_token_id] = 0.0
        x_TD[places] += self._ctc_gain * self._math.linear(words_NV.to(self._dtype), self._embed_DV).float()

    def _tell_since(self, x_TD: Tensor, rows: Rows) -> None:
        """How long ago the session spoke and was asked enters behind the blocks that hear, which need none of it."""
        told = torch.tensor([since_features(each) for each in rows.since])
        x_TD[torch.tensor([row for row, _ in rows.elapsed])] += self._math.linear(told, self._since)

    def _rms(self, x: Tensor, weight: Tensor) -> Tensor:
        return rms_norm(x, weight, self.config.rms_norm_eps)


def _block(weights: dict[str, Tensor], layer: int, config: ModelConfig, dtype: torch.dtype) -> _Block:
    H, G, scale = config.num_attention_heads, config.num_key_value_heads, config.head_dim**-0.5

    def get(name: str) -> Tensor:
        return weights[f"model.layers.{layer}.{name}.weight"]

    return _Block(
        input_norm=get("input_layernorm"),
        qkv=torch.cat([get(f"self_attn.{name}_proj") for name in "qkv"]).to(dtype),
        qk_norm=torch.cat((scale * get("self_attn.q_norm").expand(H, -1), get("self_attn.k_norm").expand(G, -1))),
        o=get("self_attn.o_proj").to(dtype),
        post_norm=get("post_attention_layernorm"),
        gate=get("mlp.gate"),
    )
