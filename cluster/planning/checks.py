"""What the planner is checked against: published figures beside what it predicts. Printed with every plan."""

from __future__ import annotations

from dataclasses import dataclass

from cluster.planning.all_to_all import FITTED_ON, PUBLISHED_US, predicted_us
from cluster.planning.hardware import GPUS
from cluster.planning.passes import Deployment, pass_s
from cluster.planning.shapes import KNOWN_MODELS, PRESETS


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    point: str
    published: float
    predicted: float
    unit: str
    tolerance: float
    derate: float = 1.0  # published points are throughput at large batches, which the roofline meets as it is

    @property
    def error(self) -> float:
        """Relative; positive is too large."""
        return self.predicted / self.published - 1


def checks() -> list[Check]:
    return [*_parameters(), *_exchange(), *_decode()]


def _parameters() -> list[Check]:
    shapes = (PRESETS[name] for name in KNOWN_MODELS)
    return [
        Check(
            point=f"parameters {s.name}", published=s.published_total, predicted=s.total_params, unit="", tolerance=0.01
        )
        for s in shapes
        if s.published_total is not None
    ]


def _exchange() -> list[Check]:
    return [
        Check(
            point=f"all-to-all EP{ep}{' (fitted)' if ep in FITTED_ON else ''}",
            published=sum(published),
            predicted=sum(predicted_us(ep)),
            unit="us",
            tolerance=0.10,
        )
        for ep, published in PUBLISHED_US.items()
    ]


def _decode() -> list[Check]:
    """DeepSeek's profile of decode on 128 GPUs, and SGLang's run on 9 nodes; both DeepSeek-V3 on Hopper, bf16 KV."""
    shape, gpu = PRESETS["deepseek-v3"], GPUS["h100"]
    profile = Deployment(shape=shape, gpu=gpu, ep=128, kv_bytes=2)
    nine_nodes = Deployment(shape=shape, gpu=gpu, ep=72, kv_bytes=2, spare_experts=32)
    return [
        Check(point="decode EP128, 128 a GPU, 4096 cached", published=55.1, unit="ms", tolerance=0.05,
              predicted=1e3 * pass_s(profile, 128, 1, 4096)),
        Check(point="decode EP72, 256 a GPU, 2000 cached", published=91.9, unit="ms", tolerance=0.05,
              predicted=1e3 * pass_s(nine_nodes, 256, 1, 2000)),
    ]  # fmt: skip
