"""The checkpoint's arithmetic in its training form: whole padded rows; `training.forward` is the exact one.

Letters: B rows, T tokens, A audio tokens, D hidden, H heads, V words; of the experts: N tokens,
K chosen per token, R = N * K rows sorted by expert, E experts, I their width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cluster.model.since import SIZE, since_places
from training import vocab
from training.batches import Batch
from training.layers import Audio, Ctc, ModelConfig, Norm, Sights, Vision, linear
from training.precision import WORK
from training.standing import COLUMNS
from training.timeline import TURN_MS

QUERIES = 128  # at a time in attention
SECOND = 1000 // TURN_MS  # micro-turns


class Attention(nn.Module):
    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.c = c
        self.q_proj, self.o_proj = linear(c.hidden, c.heads * c.head_dim), linear(c.heads * c.head_dim, c.hidden, 0.2)
        self.k_proj, self.v_proj = (linear(c.hidden, c.kv_heads * c.head_dim) for _ in range(2))
        self.q_norm, self.k_norm = Norm(c.head_dim, c.eps), Norm(c.head_dim, c.eps)

    def forward(self, x_BTD: Tensor, cos: Tensor, sin: Tensor, future: Tensor) -> Tensor:
        c, (rows, length, _) = self.c, x_BTD.shape
        q = self.q_norm(self.q_proj(x_BTD).view(rows, length, c.heads, c.head_dim)).transpose(1, 2)
        k = self.k_norm(self.k_proj(x_BTD).view(rows, length, c.kv_heads, c.head_dim)).transpose(1, 2)
        v = self.v_proj(x_BTD).view(rows, length, c.kv_heads, c.head_dim).transpose(1, 2)
        q, k = (rotate(each, cos, sin).to(v.dtype) for each in (q, k))
        group = c.heads // c.kv_heads
        k, v = (each.repeat_interleave(group, dim=1) for each in (k, v))
        y = attend(q * c.head_dim**-0.5, k, v, future)
        return self.o_proj(y.transpose(1, 2).reshape(rows, length, c.heads * c.head_dim))


def attend(q: Tensor, k: Tensor, v: Tensor, future: Tensor) -> Tensor:
    """Causal attention in plain products, some queries at a time: no scores of what lies in their future.

    On CPUs with AVX2 it takes 45 % of the time of one product and the mask (10 rows of 512), and less than the fused
    kernel, which is slow on the way back.
    """
    parts = []
    for start in range(0, q.shape[2], QUERIES):
        end = min(start + QUERIES, q.shape[2])
        scores = q[:, :, start:end] @ k[:, :, :end].mT
        scores = scores + future[start:end, :end].to(scores.dtype)
        parts.append(scores.softmax(-1, dtype=scores.dtype).to(v.dtype) @ v[:, :, :end])
    return torch.cat(parts, dim=2)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """RoPE, half rotation."""
    low, high = x.chunk(2, dim=-1)
    return torch.cat([low * cos - high * sin, high * cos + low * sin], dim=-1)


class Experts(nn.Module):
    """A router and its experts, each token through its top-k. gate_up: [E, 2, I, D]; down: [E, D, I]."""

    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.c = c
        self.gate = linear(c.hidden, c.experts)
        self.gate_up = nn.Parameter(torch.randn(c.experts, 2, c.width, c.hidden) / math.sqrt(c.hidden))
        self.down = nn.Parameter(torch.randn(c.experts, c.hidden, c.width) * 0.2 / math.sqrt(c.width))

    def forward(self, x_BTD: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the output and the load-balance loss (Switch: E * sum of share chosen * mean probability)."""
        c, x_ND = self.c, x_BTD.reshape(-1, self.c.hidden)
        router_NE = self.gate(x_ND).float().softmax(-1)
        top_NK, index_NK = router_NE.topk(c.top_k, dim=-1)
        order_R = index_NK.flatten().argsort(stable=True)
        counts_E = index_NK.flatten().bincount(minlength=c.experts)
        rows_RD = Dispatch.apply(x_ND.to(WORK), order_R, c.top_k)
        gate_up, down = self.gate_up.flatten(1, 2).to(WORK), self.down.to(WORK)
        parts = []
        for expert, part_RD in enumerate(rows_RD.split(counts_E.tolist())):
            gate_RI, up_RI = F.linear(part_RD, gate_up[expert]).chunk(2, dim=-1)
            parts.append(F.linear(F.silu(gate_RI) * up_RI, down[expert]))
        y_NKD = Combine.apply(torch.cat(parts), order_R, c.top_k)
        gates_NK = top_NK / top_NK.sum(-1, keepdim=True)
        share_E = counts_E.float() / (len(x_ND) * c.top_k)
        balance = c.experts * (share_E * router_NE.mean(0)).sum()
        return (y_NKD.float() * gates_NK[..., None]).sum(1).view_as(x_BTD), balance


class Dispatch(torch.autograd.Function):
    """Rows of tokens in the order of their experts. A permutation needs no scatter on the way back."""

    @staticmethod
    def forward(ctx: Any, x_ND: Tensor, order_R: Tensor, top_k: int) -> Tensor:
        ctx.order_R, ctx.top_k = order_R, top_k
        return x_ND[order_R // top_k]

    @staticmethod
    def backward(ctx: Any, grad_RD: Tensor) -> tuple[Tensor, None, None]:
        back_NKD = grad_RD[ctx.order_R.argsort()].view(-1, ctx.top_k, grad_RD.shape[-1])
        return back_NKD.sum(1), None, None


class Combine(torch.autograd.Function):
    """The way back from the order of experts: [N, K, D]."""

    @staticmethod
    def forward(ctx: Any, y_RD: Tensor, order_R: Tensor, top_k: int) -> Tensor:
        ctx.order_R = order_R
        return y_RD[order_R.argsort()].view(-1, top_k, y_RD.shape[-1])

    @staticmethod
    def backward(ctx: Any, grad_NKD: Tensor) -> tuple[Tensor, None, None]:
        return grad_NKD.flatten(0, 1)[ctx.order_R], None, None


class Block(nn.Module):
    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.input_layernorm, self.self_attn = Norm(c.hidden, c.eps), Attention(c)
        self.post_attention_layernorm, self.mlp = Norm(c.hidden, c.eps), Experts(c)

    def forward(self, x_BTD: Tensor, cos: Tensor, sin: Tensor, future: Tensor) -> tuple[Tensor, Tensor]:
        x_BTD = x_BTD + self.self_attn(self.input_layernorm(x_BTD), cos, sin, future)
        y_BTD, balance = self.mlp(self.post_attention_layernorm(x_BTD))
        return x_BTD + y_BTD, balance


@dataclass(slots=True, kw_only=True)
class Outputs:
    """hidden: after the final norm. ctc_logits: at audio tokens. ear_hidden: after the CTC's block. aux_hidden: after
    block `aux_layer`."""

    hidden_BTD: Tensor
    ctc_logits_BAV: Tensor
    ear_hidden_BTD: Tensor
    aux_hidden_BTD: Tensor
    balance: Tensor


class Micro(nn.Module):
    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.c = c
        self.embed_tokens = nn.Parameter(torch.randn(c.vocab, c.hidden) * 0.5)
        self.audio, self.ctc = Audio(c), Ctc(c)
        self.elapsed = linear(2 * len(c.periods), c.hidden, 0.1)
        self.since = nn.Parameter(torch.empty(c.hidden, 2 * SIZE))
        self.tell_in_words()
        self.layers = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.norm, self.lm_head = Norm(c.hidden, c.eps), linear(c.hidden, c.vocab)
        self.aux_norm = Norm(c.hidden, c.eps)
        self.aux_heads = nn.ModuleList(linear(c.hidden, size) for size in COLUMNS.values())
        self.vision, self.sights = Vision(c), Sights(c)

    def tell_in_words(self) -> None:
        """How long ago begins as the words of its digits, as if they were heard: what finds again a word that was asked
        for can then find a time. Half as strong as words that are heard; drawn weak and at random nothing read it.
        """
        said = [*range(1, 20), *range(20, 70, 10)]  # seconds
        words = [vocab.TOKEN_ID[vocab.number(seconds)] for seconds in said]
        places = torch.tensor([since_places(SECOND * seconds)[seconds >= 20] for seconds in said])
        with torch.no_grad():
            self.since.normal_(std=0.25)
            for first in (0, SIZE):
                self.since[:, first + places] += 2.5 * self.embed_tokens[words].mT

    def listen(self, batch: Batch) -> Tensor:
        """Only as far as the words heard: CTC logits, [B, A, V]. A third of the work of `forward`."""
        return self.heard(self.ear(batch), batch)

    def ear(self, batch: Batch) -> Tensor:
        """[B, T, D] after the CTC's block: what is heard and seen, before anything is made of it."""
        x_BTD, position = self._embed(batch), self._position(batch)
        for block in self.layers[: self.c.ctc_layer]:
            x_BTD, _ = block(x_BTD, *position)
        return x_BTD

    def forward(self, batch: Batch, hears: bool = True) -> Outputs:
        """hears: False leaves what hears, up to the CTC, as it is: there is nothing to be learned from silence."""
        c, learns = self.c, torch.is_grad_enabled()
        with torch.set_grad_enabled(learns and hears):
            x_BTD, position = self._embed(batch), self._position(batch)
        balance, ctc_logits, ear_hidden, aux_hidden = x_BTD.new_zeros(()), x_BTD, x_BTD, x_BTD
        for number, block in enumerate(self.layers, start=1):
            with torch.set_grad_enabled(learns and (hears or number > c.ctc_layer)):
                x_BTD, loss = block(x_BTD, *position)
            balance = balance + loss / c.layers
            if number == c.ctc_layer:
                with torch.set_grad_enabled(learns and hears):
                    ear_hidden, ctc_logits = x_BTD, self.heard(x_BTD, batch)
                    words_BAV = ctc_logits.softmax(-1)[..., 1:]
                    x_BTD = x_BTD + self._at_audio(self.ctc.gain * (words_BAV @ self.embed_tokens[1:]).float(), batch)
                x_BTD = x_BTD * c.ear_gradient + x_BTD.detach() * (1 - c.ear_gradient)
                x_BTD = x_BTD + self._at_audio(batch.since_BAX.float() @ self.since.mT, batch)
            if number == c.aux_layer:
                aux_hidden = x_BTD
        return Outputs(
            hidden_BTD=self.norm(x_BTD),
            ctc_logits_BAV=ctc_logits,
            ear_hidden_BTD=ear_hidden,
            aux_hidden_BTD=aux_hidden,
            balance=balance,
        )

    def _embed(self, batch: Batch) -> Tensor:
        audio_BAD = self.audio(batch.frames_BALC).float()
        audio_BAD = audio_BAD + self.elapsed(clock(batch.elapsed_BA, self.c.periods)).float()
        x_BTD = F.embedding(batch.tokens_BT, self.embed_tokens)
        x_BTD = self._put(x_BTD, batch.audio_at_BA, audio_BAD)
        if not batch.patch_at_BP.shape[1]:
            return x_BTD
        return self._put(x_BTD, batch.patch_at_BP, self.vision(batch.patches_BPX).float())

    def _put(self, x_BTD: Tensor, at_BN: Tensor, y_BND: Tensor) -> Tensor:
        """y in place of x at its tokens."""
        own_BT = _spread(at_BN, torch.ones_like(y_BND[..., :1]), x_BTD.shape[1])
        return x_BTD * (1 - own_BT) + _spread(at_BN, y_BND, x_BTD.shape[1])

    def _position(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        length, device = batch.tokens_BT.shape[1], batch.tokens_BT.device
        return *rope(batch.positions_BT, self.c), torch.full((length, length), -torch.inf, device=device).triu(1)

    def heard(self, x_BTD: Tensor, batch: Batch) -> Tensor:
        """CTC logits at audio tokens, [B, A, V], from what `ear` gives."""
        at_BAD = batch.audio_at_BA[..., None].expand(-1, -1, x_BTD.shape[-1])
        return self.ctc.head(self.ctc.norm(F.pad(x_BTD, (0, 0, 0, 1)).gather(1, at_BAD))).float()

    def _at_audio(self, y_BAX: Tensor, batch: Batch) -> Tensor:
        return _spread(batch.audio_at_BA, y_BAX, batch.tokens_BT.shape[1])


def _spread(at_BN: Tensor, y_BNX: Tensor, length: int) -> Tensor:
    """Values of some tokens over their places in the row, zero elsewhere: [B, T, X]; column T is for what has none."""
    at_BNX = at_BN[..., None].expand(-1, -1, y_BNX.shape[-1])
    return y_BNX.new_zeros(len(at_BN), length + 1, y_BNX.shape[-1]).scatter(1, at_BNX, y_BNX)[:, :length]


def clock(k: Tensor, periods: tuple[float, ...]) -> Tensor:
    """Elapsed-time features of micro-turns k: [..., 2P], sines then cosines."""
    angle = k[..., None].double() * 0.2 * 2 * math.pi / torch.tensor(periods, dtype=torch.float64, device=k.device)
    return torch.cat([angle.sin(), angle.cos()], dim=-1).float()


def rope(positions_BT: Tensor, c: ModelConfig) -> tuple[Tensor, Tensor]:
    """cos and sin, [B, 1, T, head_dim / 2]."""
    half = c.head_dim // 2
    frequencies = c.theta ** (-torch.arange(half, dtype=torch.float64, device=positions_BT.device) / half)
    angle = positions_BT[:, None, :, None].double() * frequencies
    return angle.cos().float(), angle.sin().float()
