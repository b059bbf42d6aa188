"""The reference forward pass: the checkpoint contract of cluster/DESIGN.md in plain fp32, one context at a time.

Written for reading and for comparing with; the engine is the fast one. Letters: T tokens, S tokens seen before and
now, D hidden, H heads, E experts, V words, L frames, C channels, P periods.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

from cluster.model.config import ModelConfig, load_config
from cluster.model.since import since_features
from cluster.types import ContextTurn, MicroTurn


@dataclass(slots=True)
class Rows:
    """Tokens to append: their embeddings [D] each, positions, which of them are audio, and what each is told [D]
    behind the blocks that hear."""

    embeddings: list[Tensor] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    audio: list[bool] = field(default_factory=list)
    told: list[Tensor] = field(default_factory=list)

    def add(self, embedding_D: Tensor, position: int, audio: bool = False, told_D: Tensor | None = None) -> None:
        self.embeddings.append(embedding_D)
        self.positions.append(position)
        self.audio.append(audio)
        self.told.append(torch.zeros_like(embedding_D) if told_D is None else told_D)


@dataclass(slots=True)
class Cache:
    """Keys and values per layer, [H_kv, S, head_dim]."""

    keys: list[Tensor] = field(default_factory=list)
    values: list[Tensor] = field(default_factory=list)

    def extend(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        if layer == len(self.keys):
            self.keys.append(k)
            self.values.append(v)
        else:
            self.keys[layer] = torch.cat([self.keys[layer], k], dim=1)
            self.values[layer] = torch.cat([self.values[layer], v], dim=1)
        return self.keys[layer], self.values[layer]


class Reference:
    """A checkpoint's forward pass. Raises ConfigError for a config that breaks the contract."""

    def __init__(self, checkpoint_dir: Path, sil_bias: float | None = None) -> None:
        self.config: ModelConfig = load_config(checkpoint_dir)
        self.sil_bias = self.config.sampling.sil_bias if sil_bias is None else sil_bias
        self._folder = checkpoint_dir
        self.weights = {name: w.float() for name, w in load_file(checkpoint_dir / "model.safetensors").items()}

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The vocabulary of the checkpoint, which may be older than that of training."""
        return vocabulary(self._folder)

    @torch.inference_mode()
    def run(self, rows: Rows, cache: Cache) -> Tensor:
        """Appends rows to the cache; returns the logits at each of them, [T, V]."""
        c, x_TD = self.config, torch.stack(rows.embeddings)
        positions_T, audio_T = torch.tensor(rows.positions), torch.tensor(rows.audio)
        for index in range(c.num_hidden_layers):
            name = f"model.layers.{index}."
            x_TD = x_TD + self._attend(name, index, self._norm(x_TD, name + "input_layernorm"), positions_T, cache)
            x_TD = x_TD + self._experts(name + "mlp.", self._norm(x_TD, name + "post_attention_layernorm"))
            if c.ctc is not None and index + 1 == c.ctc.layer:
                words_TV = self.heard(x_TD)
                fed_TD = words_TV[:, 1:] @ self.weights["model.embed_tokens.weight"][1:]
                x_TD = x_TD + audio_T[:, None] * self.weights["model.ctc.gain"] * fed_TD
            if c.since is not None and index + 1 == c.since.layer:
                x_TD = x_TD + torch.stack(rows.told)
        return self._linear(self._norm(x_TD, "model.norm"), "lm_head")

    def heard(self, x_TD: Tensor) -> Tensor:
        """Posteriors of the word heard, after the CTC block; column 0 is the blank. [T, V]."""
        return self._linear(self._norm(x_TD, "model.ctc.norm"), "model.ctc.head").softmax(-1)

    @torch.inference_mode()
    def add_input(self, rows: Rows, turn: MicroTurn, position: int) -> int:
        """Adds the input tokens of a micro-turn from `position` on; returns the next free position."""
        c, clock_D, since_D = self.config, self._clock(turn.k), self._since(turn)
        audio = bool(turn.audio)
        if audio:
            codes_LC = np.frombuffer(turn.audio, np.uint8).reshape(-1, c.audio.num_mels)
            for start in range(0, c.micro_turn.audio_in * c.audio.frames_per_token, c.audio.frames_per_token):
                frames_LC = codes_LC[start : start + c.audio.token_frames]
                embedding_D = self._audio(torch.from_numpy(frames_LC.astype(np.int64))) + clock_D
                rows.add(embedding_D, position, audio=True, told_D=since_D)
                position += 1
        other_D, told_D = (0, None) if audio else (clock_D, since_D)
        patches = np.frombuffer(turn.patches, np.uint8).reshape(turn.num_patches, -1) if turn.num_patches else ()
        for patch in patches:
            rows.add(self._patch(torch.from_numpy(patch.copy())) + other_D, position, told_D=told_D)
            position += 1
        for token in turn.text:
            rows.add(self.token(token) + other_D, position, told_D=told_D)
            position += 1
        return position

    def token(self, token: int) -> Tensor:
        return self.weights["model.embed_tokens.weight"][token]

    def _audio(self, frames_LC: Tensor) -> Tensor:
        c = self.config.audio
        index_LC = torch.arange(c.num_mels) * c.levels + frames_LC
        x = self.weights["model.audio.channel_embed.weight"][index_LC].sum(1).flatten()
        x = self._linear(self._norm(x, "model.audio.norm"), "model.audio.up_proj")
        return self._linear(F.silu(x), "model.audio.down_proj")

    def _patch(self, pixels: Tensor) -> Tensor:
        x = self._linear(pixels.float() / 127.5 - 1, "model.vision.up_proj")
        return self._linear(F.gelu(x), "model.vision.down_proj")

    def _clock(self, k: int) -> Tensor:
        periods_P = torch.tensor(self.config.elapsed.periods, dtype=torch.float64)
        angle_P = 2 * math.pi * 0.2 * k / periods_P
        return self._linear(torch.cat([angle_P.sin(), angle_P.cos()]).float(), "model.elapsed")

    def _since(self, turn: MicroTurn) -> Tensor:
        """What every input token of a micro-turn is told behind the blocks that hear, [D]."""
        if self.config.since is None:
            return torch.zeros(self.config.hidden_size)
        return self._linear(torch.tensor(since_features((turn.since_output, turn.since_kept))), "model.since")

    def _attend(self, name: str, layer: int, x_TD: Tensor, positions_T: Tensor, cache: Cache) -> Tensor:
        c, length = self.config, len(x_TD)
        name += "self_attn."
        shape = (length, -1, c.head_dim)
        q = self._norm(self._linear(x_TD, name + "q_proj").view(shape), name + "q_norm").transpose(0, 1)
        k = self._norm(self._linear(x_TD, name + "k_proj").view(shape), name + "k_norm").transpose(0, 1)
        v = self._linear(x_TD, name + "v_proj").view(shape).transpose(0, 1)
        k, v = cache.extend(layer, self._rotate(k, positions_T), v)
        group = c.num_attention_heads // c.num_key_value_heads
        k, v = k.repeat_interleave(group, dim=0), v.repeat_interleave(group, dim=0)
        scores = self._rotate(q, positions_T) @ k.mT / math.sqrt(c.head_dim)
        future = torch.full(scores.shape[1:], -torch.inf).triu(1 + k.shape[1] - length)
        y = (scores + future).softmax(-1) @ v
        return self._linear(y.transpose(0, 1).reshape(length, -1), name + "o_proj")

    def _rotate(self, x: Tensor, positions_T: Tensor) -> Tensor:
        half = self.config.head_dim // 2
        frequencies = self.config.rope_theta ** (-torch.arange(half, dtype=torch.float64) / half)
        angle = positions_T[:, None].double() * frequencies
        cos, sin = angle.cos().float(), angle.sin().float()
        low, high = x.chunk(2, dim=-1)
        return torch.cat([low * cos - high * sin, high * cos + low * sin], dim=-1)

    def _experts(self, name: str, x_TD: Tensor) -> Tensor:
        gates_TE = self._linear(x_TD, name + "gate").softmax(-1)
        top_TK, chosen_TK = gates_TE.topk(self.config.num_experts_per_tok)
        if self.config.norm_topk_prob:
            top_TK = top_TK / top_TK.sum(-1, keepdim=True)
        y_TD = torch.zeros_like(x_TD)
        for expert in chosen_TK.unique().tolist():
            at_N, slot_N = (chosen_TK == expert).nonzero(as_tuple=True)
            prefix, x_ND = f"{name}experts.{expert}.", x_TD[at_N]
            h_NI = F.silu(self._linear(x_ND, prefix + "gate_proj")) * self._linear(x_ND, prefix + "up_proj")
            y_TD[at_N] += top_TK[at_N, slot_N, None] * self._linear(h_NI, prefix + "down_proj")
        return y_TD

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return x @ self.weights[name + ".weight"].mT

    def _norm(self, x: Tensor, name: str) -> Tensor:
        scale = torch.rsqrt(x.square().mean(-1, keepdim=True) + self.config.rms_norm_eps)
        return x * scale * self.weights[name + ".weight"]


def vocabulary(checkpoint_dir: Path) -> tuple[str, ...]:
    """The words of a checkpoint by token id."""
    ids: dict[str, int] = json.loads((checkpoint_dir / "tokenizer.json").read_text())["model"]["vocab"]
    return tuple(sorted(ids, key=ids.__getitem__))


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    prefix: tuple[int, ...] = ()
    turns: tuple[ContextTurn, ...] = ()


def lay_out(reference: Reference, context: Context) -> Rows:
    """The whole context as rows: prefix, then micro-turns, each with its final silence."""
    c, rows = reference.config, Rows()
    for position, token in enumerate(context.prefix):
        rows.add(reference.token(token), position)
    base = -(-len(context.prefix) // c.position_stride) * c.position_stride
    for index, item in enumerate(context.turns):
        position = reference.add_input(rows, item.turn, base + c.position_stride * index)
        for token in (*item.out, c.sil_token_id):
            rows.add(reference.token(token), position)
            position += 1
    return rows


def reference_logits(checkpoint_dir: Path, context: Context) -> Tensor:
    """Logits at every token of a context, [T, V]."""
    reference = Reference(checkpoint_dir)
    return reference.run(lay_out(reference, context), Cache())
