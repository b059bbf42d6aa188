"""What a recorded step depends on."""

from __future__ import annotations

import torch

from cluster.model.weights import Checkpoint
from cluster.types import Dtype, Versions


def versions(checkpoint: Checkpoint, *, dtype: Dtype, deterministic: bool) -> Versions:
    return Versions(
        weights_sha256=checkpoint.sha256(),
        torch=torch.__version__,
        isa=isa(),
        dtype=dtype.value,
        deterministic=deterministic,
    )


def isa() -> str:
    """The vector unit torch uses, and whether it multiplies bf16 itself."""
    capability = torch.backends.cpu.get_cpu_capability()
    return f"{capability}+bf16" if torch.cpu._is_avx512_bf16_supported() else capability
