"""Row-wise pieces of the block. Each row's bits depend on that row alone (a test holds this on every platform).

Legend: T rows, D model width, I expert width, H heads, d head width.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

Rope = tuple[Tensor, Tensor]


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Over the last dim; `weight` broadcasts against x. In separate steps, which torch runs faster on CPUs."""
    return x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + eps) * weight


def swiglu(gate_up_T2I: Tensor) -> Tensor:
    """[T, I]: silu of the first half times the second."""
    gate_TI, up_TI = gate_up_T2I.chunk(2, dim=-1)
    return functional.silu(gate_TI).mul_(up_TI)


def rope_table(num_positions: int, head_dim: int, theta: float) -> Rope:
    """cos and sin, each [num_positions, d], for half rotation. Angles in fp64: positions run into the thousands."""
    freqs = theta ** (-torch.arange(0, head_dim, 2, dtype=torch.float64) / head_dim)
    angles = torch.arange(num_positions, dtype=torch.float64)[:, None] * freqs
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos().float(), angles.sin().float()


def rotate(x_THd: Tensor, rope_Td: Rope) -> Tensor:
    cos, sin = (part[:, None, :] for part in rope_Td)
    first, second = x_THd.chunk(2, dim=-1)
    return x_THd * cos + torch.cat((-second, first), dim=-1) * sin


def elapsed_features(k: int, periods: tuple[float, ...], micro_turn_s: float) -> list[float]:
    """[sin…, cos…] of micro-turn k's start over each period, in double precision."""
    angles = [2.0 * math.pi * micro_turn_s * k / period for period in periods]
    return [math.sin(angle) for angle in angles] + [math.cos(angle) for angle in angles]
