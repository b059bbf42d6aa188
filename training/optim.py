"""Muon for the matrices of the blocks, AdamW for the rest, one schedule in steps.

Muon: Jordan et al. 2024, momentum orthogonalised by five Newton-Schulz steps.
"""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor, nn

from training.model import Micro
from training.precision import WORK

EYES = 0.1  # of the learning rate of the rest
_NS = (3.4445, -4.7750, 2.0315)


def orthogonalise(g_NXY: Tensor, steps: int = 5) -> Tensor:
    """The nearest (semi-)orthogonal matrices, roughly."""
    tall = g_NXY.shape[1] > g_NXY.shape[2]
    x = (g_NXY.mT if tall else g_NXY).to(WORK)
    x = x / (x.float().norm(dim=(1, 2), keepdim=True) + 1e-7).to(WORK)
    for _ in range(steps):
        gram = x @ x.mT
        x = _NS[0] * x + (_NS[1] * gram + _NS[2] * gram @ gram) @ x
    return (x.mT if tall else x).float()


class Muon(torch.optim.Optimizer):
    """Every matrix is orthogonalised by itself: leading dimensions of a parameter (experts) are a batch of matrices."""

    def __init__(self, matrices: list[nn.Parameter], lr: float, momentum: float, decay: float) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]  # no closure is ever passed here
        group = self.param_groups[0]
        same: dict[torch.Size, list[tuple[nn.Parameter, Tensor]]] = defaultdict(list)
        for p in group["params"]:
            if p.grad is None:  # beyond the blocks that a step on dense speech runs through
                continue
            state = self.state[p]
            if "moment" not in state:
                state["moment"] = torch.zeros_like(p)
            moment = state["moment"].lerp_(p.grad, 1 - group["momentum"])
            same[p.shape[-2:]].append((p, torch.lerp(p.grad, moment, group["momentum"]).view(-1, *p.shape[-2:])))
        for shape, members in same.items():
            updates = orthogonalise(torch.cat([each for _, each in members]))
            scale = max(1.0, shape[0] / shape[1]) ** 0.5 * group["lr"]
            for (p, _), update in zip(members, updates.split([len(each) for _, each in members]), strict=True):
                p.mul_(1 - group["lr"] * group["decay"]).sub_(update.view_as(p), alpha=scale)


def build(model: Micro, muon_lr: float, adam_lr: float) -> list[torch.optim.Optimizer]:
    """The last two are for what sees, so that a state from before there were pictures fits the others."""
    matrices: list[nn.Parameter] = [model.audio.up_proj.weight, model.audio.down_proj.weight]
    for block in model.layers:
        attention = block.self_attn
        matrices += [attention.q_proj.weight, attention.k_proj.weight, attention.v_proj.weight, attention.o_proj.weight]
        matrices += [block.mlp.gate_up, block.mlp.down]
    # a step of Adam is as large for each of thousands of pixels that go up and down together
    eyes = [model.vision.up_proj.weight]
    helpers = [model.vision.down_proj.weight, *model.sights.parameters()]
    taken = {id(p) for p in (*matrices, *eyes, *helpers)}
    rest = [p for p in model.parameters() if id(p) not in taken]
    return [
        Muon(matrices, lr=muon_lr, momentum=0.95, decay=0.05),
        torch.optim.AdamW(rest, lr=adam_lr, betas=(0.9, 0.98), weight_decay=0.01, fused=True),
        torch.optim.AdamW(eyes, lr=adam_lr * EYES, betas=(0.9, 0.98), weight_decay=0.01, fused=True),
        torch.optim.AdamW(helpers, lr=adam_lr, betas=(0.9, 0.98), weight_decay=0.01, fused=True),
    ]


def schedule(step: int, warm_up: int, steps: int, decay: int, floor: float) -> float:
    """Factor of the learning rates: linear up over `warm_up`, flat, linear down to `floor` over the last `decay`."""
    up = (step + 1) / max(warm_up, 1)
    down = (steps - step) / max(decay, 1)
    return max(floor, min(1.0, up, down))
