"""The checkpoint's arithmetic in its training form: whole padded rows; `training.forward` is the exact one.

Letters: B rows, T tokens, A audio tokens, L frames, C channels, D hidden, H heads, V words; of the experts: N tokens,
K chosen per token, R = N * K rows sorted by expert, E experts, I their width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training import vocab
from training.batches import Batch
from training.precision import WORK
from training.views import MODES, TENTHS


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """The shape of counterpoint-micro. aux_layer: after which block the helper heads of training read.

    ear_gradient: share of the gradient of the answers that reaches the blocks up to the CTC: at full strength it drowns
    what they have learned about words, since Muon's steps have one size whatever the loss.
    """

    layers: int = 6
    hidden: int = 256
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 64
    experts: int = 8
    top_k: int = 2
    width: int = 128
    vocab: int = len(vocab.WORDS)
    theta: float = 10000.0
    eps: float = 1e-6
    ctc_layer: int = 2
    aux_layer: int = 4
    ear_gradient: float = 0.2
    num_mels: int = 40
    levels: int = 16
    channel_dim: int = 64
    audio_hidden: int = 512
    frames_per_token: int = 5
    periods: tuple[float, ...] = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0)


class Rms(torch.autograd.Function):
    """x / rms(x) * weight, with a way back of few passes over memory: 8 times as fast as autograd's own on a CPU."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        scale = torch.rsqrt(torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_().div_(x.shape[-1]).add_(eps))
        y = x * scale
        ctx.save_for_backward(y, scale, weight)
        return y * weight

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        y, scale, weight = ctx.saved_tensors
        grad_y = grad * weight
        along = (grad_y * y).sum(-1, keepdim=True)
        grad_x = grad_y.addcmul_(y, along, value=-1 / y.shape[-1]).mul_(scale)
        return grad_x, (grad * y).flatten(0, -2).sum(0), None


class Norm(nn.Module):
    """RMSNorm in fp32."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, x: Tensor) -> Tensor:
        return Rms.apply(x.float(), self.weight, self.eps)


def linear(inputs: int, outputs: int, scale: float = 1.0) -> nn.Linear:
    layer = nn.Linear(inputs, outputs, bias=False)
    nn.init.normal_(layer.weight, std=scale / math.sqrt(inputs))
    return layer


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
        # Plain products: on the CPU they take half the time of the fused kernel, most of it on the way back.
        scores_BHTT = (q * c.head_dim**-0.5) @ k.mT
        y = (scores_BHTT + future.to(scores_BHTT.dtype)).softmax(-1, dtype=scores_BHTT.dtype).to(v.dtype) @ v
        return self.o_proj(y.transpose(1, 2).reshape(rows, length, c.heads * c.head_dim))


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


class Audio(nn.Module):
    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        frames = 2 * c.frames_per_token
        self.c = c
        self.channel_embed = nn.Parameter(torch.randn(c.num_mels * c.levels, c.channel_dim) * 0.1)
        self.norm = Norm(frames * c.channel_dim, c.eps)
        self.up_proj = linear(frames * c.channel_dim, c.audio_hidden)
        self.down_proj = linear(c.audio_hidden, c.hidden)

    def forward(self, frames_BALC: Tensor) -> Tensor:
        c = self.c
        rows, audio, length, channels = frames_BALC.shape
        # A sum of embeddings as a product with ones and zeros: several times faster on the way back than a bag.
        ones = frames_BALC[..., None] == torch.arange(c.levels, dtype=torch.uint8)
        ones = ones.view(-1, channels * c.levels).to(WORK)
        x = ones @ self.channel_embed.to(WORK)
        return self.down_proj(F.silu(self.up_proj(self.norm(x.view(rows, audio, length * c.channel_dim)))))


class Ctc(nn.Module):
    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.norm, self.head = Norm(c.hidden, c.eps), linear(c.hidden, c.vocab)
        self.gain = nn.Parameter(torch.ones(()))


@dataclass(slots=True, kw_only=True)
class Outputs:
    """hidden: after the final norm. ctc_logits: at audio tokens. aux_hidden: after block `aux_layer`."""

    hidden_BTD: Tensor
    ctc_logits_BAV: Tensor
    aux_hidden_BTD: Tensor
    balance: Tensor


class Micro(nn.Module):
    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.c = c
        self.embed_tokens = nn.Parameter(torch.randn(c.vocab, c.hidden) * 0.5)
        self.audio, self.ctc = Audio(c), Ctc(c)
        self.elapsed = linear(2 * len(c.periods), c.hidden, 0.1)
        self.layers = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.norm, self.lm_head = Norm(c.hidden, c.eps), linear(c.hidden, c.vocab)
        self.aux_norm = Norm(c.hidden, c.eps)
        self.aux_heads = nn.ModuleList(
            linear(c.hidden, size) for size in (len(MODES), c.vocab, c.vocab, len(TENTHS), c.vocab)
        )

    def listen(self, batch: Batch) -> Tensor:
        """Only as far as the words heard: CTC logits, [B, A, V]. A third of the work of `forward`."""
        x_BTD, position = self._embed(batch), self._position(batch)
        for block in self.layers[: self.c.ctc_layer]:
            x_BTD, _ = block(x_BTD, *position)
        return self._heard(x_BTD, batch)

    def forward(self, batch: Batch) -> Outputs:
        c = self.c
        x_BTD, position = self._embed(batch), self._position(batch)
        balance, ctc_logits, aux_hidden = x_BTD.new_zeros(()), x_BTD, x_BTD
        for number, block in enumerate(self.layers, start=1):
            x_BTD, loss = block(x_BTD, *position)
            balance = balance + loss / c.layers
            if number == c.ctc_layer:
                ctc_logits = self._heard(x_BTD, batch)
                words_BAV = ctc_logits.softmax(-1)[..., 1:]
                x_BTD = x_BTD + self._at_audio(self.ctc.gain * (words_BAV @ self.embed_tokens[1:]).float(), batch)
                x_BTD = x_BTD * c.ear_gradient + x_BTD.detach() * (1 - c.ear_gradient)
            if number == c.aux_layer:
                aux_hidden = x_BTD
        return Outputs(
            hidden_BTD=self.norm(x_BTD), ctc_logits_BAV=ctc_logits, aux_hidden_BTD=aux_hidden, balance=balance
        )

    def _embed(self, batch: Batch) -> Tensor:
        audio_BAD = self.audio(batch.frames_BALC).float()
        audio_BAD = audio_BAD + self.elapsed(clock(batch.elapsed_BA, self.c.periods)).float()
        audio_BT = self._at_audio(torch.ones_like(audio_BAD[..., :1]), batch)
        return F.embedding(batch.tokens_BT, self.embed_tokens) * (1 - audio_BT) + self._at_audio(audio_BAD, batch)

    def _position(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        length = batch.tokens_BT.shape[1]
        return *rope(batch.positions_BT, self.c), torch.full((length, length), -torch.inf).triu(1)

    def _heard(self, x_BTD: Tensor, batch: Batch) -> Tensor:
        at_BAD = batch.audio_at_BA[..., None].expand(-1, -1, x_BTD.shape[-1])
        return self.ctc.head(self.ctc.norm(F.pad(x_BTD, (0, 0, 0, 1)).gather(1, at_BAD))).float()

    def _at_audio(self, y_BAX: Tensor, batch: Batch) -> Tensor:
        """Spreads values of audio tokens over their places in the row, zero elsewhere: [B, T, X]."""
        rows, length = batch.tokens_BT.shape
        at_BAX = batch.audio_at_BA[..., None].expand(-1, -1, y_BAX.shape[-1])
        spread = torch.zeros(rows, length + 1, y_BAX.shape[-1]).scatter(1, at_BAX, y_BAX)
        return spread[:, :length]


def clock(k: Tensor, periods: tuple[float, ...]) -> Tensor:
    """Elapsed-time features of micro-turns k: [..., 2P], sines then cosines."""
    angle = k[..., None].double() * 0.2 * 2 * math.pi / torch.tensor(periods, dtype=torch.float64)
    return torch.cat([angle.sin(), angle.cos()], dim=-1).float()


def rope(positions_BT: Tensor, c: ModelConfig) -> tuple[Tensor, Tensor]:
    """cos and sin, [B, 1, T, head_dim / 2]."""
    half = c.head_dim // 2
    frequencies = c.theta ** (-torch.arange(half, dtype=torch.float64) / half)
    angle = positions_BT[:, None, :, None].double() * frequencies
    return angle.cos().float(), angle.sin().float()
