"""What training minimises: the choices themselves, the words heard on the way, balanced experts and helper heads."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from training.batches import Batch
from training.model import Micro, Outputs
from training.sights.body import STANCE
from training.sights.reel import SIZES, TRACK
from training.standing import COLUMNS, NONE, SPANS

STANCE_WEIGHT = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    output: float = 2.0
    speak: float = 4.0  # of a target that is not silence, against one that is
    ctc: float = 0.3
    balance: float = 0.05
    aux: float = 0.3
    shown: float = 0.5  # what is seen, where there are pictures


def loss(model: Micro, batch: Batch, outputs: Outputs, weights: Weights) -> tuple[Tensor, dict[str, float]]:
    """The weighted sum, and its parts for the log; speak_acc is the teacher-forced accuracy where something is due."""
    chosen = batch.targets_BT != NONE
    targets_N = batch.targets_BT[chosen]
    logits_NV = model.lm_head(outputs.hidden_BTD[chosen]).float()
    weight_N = torch.where(targets_N != 0, weights.speak, 1.0)
    cross_N = F.cross_entropy(logits_NV, targets_N, reduction="none")
    output = (cross_N * weight_N).sum() / weight_N.sum()
    ctc = ctc_loss(outputs.ctc_logits_BAV, batch)
    aux = aux_loss(model, batch, outputs)
    total = weights.output * output + weights.ctc * ctc + weights.balance * outputs.balance + weights.aux * aux.sum()
    seen = {}
    if len(batch.shown_at_N2):
        shown, asked = shown_loss(model, outputs.ear_hidden_BTD, batch), asked_loss(model, batch, outputs)
        total = total + weights.shown * shown.sum() + weights.aux * asked
        seen = shown_parts(shown) | {"asked": float(asked.detach())}
    with torch.no_grad():
        right_N = logits_NV.argmax(-1) == targets_N
        speak = targets_N != 0
        parts = {
            "loss": float(total.detach()),
            "output": float(output.detach()),
            "ctc": float(ctc.detach()),
            "balance": float(outputs.balance.detach()),
            "speak_acc": float(right_N[speak].float().mean()),
            "silent_acc": float(right_N[~speak].float().mean()),
        }
        parts |= dict(zip(COLUMNS, aux.tolist(), strict=True))
    return total, parts | seen


def shown_loss(model: Micro, ear_BTD: Tensor, batch: Batch) -> Tensor:
    """Cross-entropy of what is seen at the last patch of each picture, one for each column of a track, and how far
    off the stance is: [7].

    Rest and nothing are the most of it: what happens counts for more.
    """
    x_ND = model.sights.norm(ear_BTD[batch.shown_at_N2[:, 0], batch.shown_at_N2[:, 1]])
    return _seen(
        [head(x_ND) for head in model.sights.shown], model.sights.stance(x_ND), batch.track_NS, batch.stance_NQ
    )


def portrait_loss(model: Micro, patches_NGX: Tensor, track_NS: Tensor, stance_NQ: Tensor) -> Tensor:
    """The same of pictures by themselves, from what becomes of their patches: [7]."""
    x_NX = model.vision(patches_NGX).float().flatten(1)
    scale_N1 = torch.rsqrt(x_NX.square().mean(1, keepdim=True) + 1e-6)
    *shown, stance = model.sights.portrait(x_NX * scale_N1).split((*SIZES, STANCE), dim=1)
    return _seen(shown, stance, track_NS, stance_NQ)


def _seen(shown: list[Tensor], stance: Tensor, track_NS: Tensor, stance_NQ: Tensor) -> Tensor:
    losses = []
    for logits, target_N in zip(shown, track_NS.unbind(1), strict=True):
        cross_N = F.cross_entropy(logits.float(), target_N, reduction="none")
        weight_N = torch.where(target_N != 0, 3.0, 1.0)
        losses.append((cross_N * weight_N).sum() / weight_N.sum())
    somebody_N = ~stance_NQ[:, 0].isnan()
    off_NQ = stance[somebody_N].float() - stance_NQ[somebody_N]
    return torch.stack([*losses, STANCE_WEIGHT * off_NQ.abs().sum() / max(1, off_NQ.numel())])


def shown_parts(shown_S: Tensor) -> dict[str, float]:
    return {f"seen_{name}": value for name, value in zip((*TRACK, "stance"), shown_S.tolist(), strict=True)}


def asked_loss(model: Micro, batch: Batch, outputs: Outputs) -> Tensor:
    x_ND = model.aux_norm(outputs.aux_hidden_BTD[batch.aux_at_N2[:, 0], batch.aux_at_N2[:, 1]])
    return F.cross_entropy(model.sights.asked(x_ND).float(), batch.asked_N)


def ctc_loss(ctc_logits_BAV: Tensor, batch: Batch) -> Tensor:
    """Word CTC over the audio tokens, per word heard."""
    log_probs_ABV = ctc_logits_BAV.log_softmax(-1).transpose(0, 1)
    total = F.ctc_loss(
        log_probs_ABV, batch.words_BW, batch.num_audio_B, batch.num_words_B, reduction="sum", zero_infinity=True
    )
    return total / batch.num_words_B.sum().clamp(min=1)


def aux_loss(model: Micro, batch: Batch, outputs: Outputs) -> Tensor:
    """Cross-entropy of the helper heads at the last input token of each micro-turn, one for each of COLUMNS."""
    x_ND = model.aux_norm(outputs.aux_hidden_BTD[batch.aux_at_N2[:, 0], batch.aux_at_N2[:, 1]])
    parts = []
    for name, head, target_N in zip(COLUMNS, model.aux_heads, batch.aux_NH.unbind(1), strict=True):
        logits = head(x_ND).float()
        if name in SPANS:
            total = -(logits.log_softmax(-1) * batch.spans[name]).sum()
        else:
            total = F.cross_entropy(logits, target_N, ignore_index=NONE, reduction="sum")
        parts.append(total / (target_N != NONE).sum().clamp(min=1))
    return torch.stack(parts)
