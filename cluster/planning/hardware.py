"""Accelerators by their data sheets, and what of it kernels reach. Every figure is per GPU."""

from __future__ import annotations

from dataclasses import dataclass

GB = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """bandwidth in bytes/s, flops dense. The efficiencies are those that reproduce published decode points."""

    name: str
    memory: float
    bandwidth: float
    flops_8bit: float
    flops_16bit: float
    link: float  # bytes/s of the network card, one direction
    usd_per_hour: float  # a list price to multiply with; give your own
    bandwidth_share: float = 0.8
    flops_share_8bit: float = 0.5
    flops_share_16bit: float = 0.65
    memory_share: float = 0.9  # what a server may use
    reserved: float = 4 * GB  # activations, graphs, communication buffers
    has_8bit: bool = True

    @property
    def reach_bandwidth(self) -> float:
        return self.bandwidth * self.bandwidth_share

    def reach_flops(self, weight_bytes: float) -> float:
        if weight_bytes <= 1 and self.has_8bit:
            return self.flops_8bit * self.flops_share_8bit
        return self.flops_16bit * self.flops_share_16bit


GPUS: dict[str, Gpu] = {
    gpu.name: gpu
    for gpu in (
        Gpu(name="h100", memory=80 * GB, bandwidth=3.35e12, flops_8bit=1979e12, flops_16bit=989e12, link=50 * GB,
            usd_per_hour=2.5),
        Gpu(name="h200", memory=141 * GB, bandwidth=4.8e12, flops_8bit=1979e12, flops_16bit=989e12, link=50 * GB,
            usd_per_hour=3.2),
        Gpu(name="b200", memory=180 * GB, bandwidth=8.0e12, flops_8bit=4500e12, flops_16bit=2250e12, link=50 * GB,
            usd_per_hour=5.0),
        Gpu(name="a100", memory=80 * GB, bandwidth=2.04e12, flops_8bit=312e12, flops_16bit=312e12, link=25 * GB,
            usd_per_hour=1.6, has_8bit=False),
    )
}  # fmt: skip
