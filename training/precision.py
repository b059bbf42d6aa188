"""The type that matrix products of training run in: bf16 only where the machine multiplies it, for elsewhere it crawls.

Without avx512_bf16 or AMX a product in bf16 took 30 times as long as in fp32 (AMD EPYC with AVX2).
"""

from __future__ import annotations

import torch

_FAST = torch.cuda.is_available() or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
WORK = torch.bfloat16 if _FAST else torch.float32


def autocast(device: torch.device) -> torch.autocast:
    return torch.autocast(device.type, torch.bfloat16, enabled=WORK is torch.bfloat16)
