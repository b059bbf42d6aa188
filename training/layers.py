"""The shape of the model and its plain parts: norms, what turns sound and pictures into tokens, and helper heads.

Letters: B rows, A audio tokens, P patches, L frames, C channels, X bytes of a patch, D hidden, V words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training import vocab
from training.precision import WORK
from training.sights.body import STANCE
from training.sights.filters import filters
from training.sights.reel import SIZES
from training.tasks import SIGHTS
from training.views import PATCH, PATCHES


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
    vision_hidden: int = 256
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
        ones = frames_BALC[..., None] == torch.arange(c.levels, dtype=torch.uint8, device=frames_BALC.device)
        ones = ones.view(-1, channels * c.levels).to(WORK)
        x = ones @ self.channel_embed.to(WORK)
        return self.down_proj(F.silu(self.up_proj(self.norm(x.view(rows, audio, length * c.channel_dim)))))


class Vision(nn.Module):
    trained: Tensor

    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.up_proj, self.down_proj = linear(3 * PATCH**2, c.vision_hidden), linear(c.vision_hidden, c.hidden)
        first_FX = filters(c.vision_hidden, PATCH, np.random.default_rng(0))
        self.up_proj.weight.data.copy_(torch.from_numpy(first_FX))
        self.register_buffer("trained", torch.zeros((), dtype=torch.bool))  # else it is not exported

    def forward(self, patches_BPX: Tensor) -> Tensor:
        return self.down_proj(F.gelu(self.up_proj(patches_BPX.float() / 127.5 - 1)))


class Sights(nn.Module):
    """Helper heads of training on what is seen.

    `shown`, one for each column of a track, and `stance`: after the CTC's block at the last patch. `asked`, which
    request about the camera stands: after block `aux_layer` at the last input token. `portrait`: the same as shown and
    stance, of a picture's four patches by themselves.
    """

    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.norm = Norm(c.hidden, c.eps)
        self.shown = nn.ModuleList(linear(c.hidden, size) for size in SIZES)
        self.stance = linear(c.hidden, STANCE)
        self.portrait = linear(PATCHES * c.hidden, sum(SIZES) + STANCE)
        self.asked = linear(c.hidden, 1 + len(SIGHTS))


class Ctc(nn.Module):
    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.norm, self.head = Norm(c.hidden, c.eps), linear(c.hidden, c.vocab)
        self.gain = nn.Parameter(torch.ones(()))
