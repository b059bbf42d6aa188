"""Time of one forward pass of a batch on an expert-parallel group: a roofline a layer at a time.

Attention is data parallel (every rank holds it whole), experts are spread over the ranks. Compute and exchange overlap
only in part, and not at all below 64 tokens a GPU.
"""

from __future__ import annotations

from dataclasses import dataclass

from cluster.planning.all_to_all import all_to_all_s
from cluster.planning.hardware import Gpu
from cluster.planning.shapes import ModelShape

FIXED_PER_LAYER_S = 80e-6
HOST_PER_PASS_S = 1e-3
OVERLAP = 0.35
OVERLAP_FROM_TOKENS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """weight_bytes, kv_bytes: of one number. spare_experts: redundant expert slots over the whole group."""

    shape: ModelShape
    gpu: Gpu
    ep: int
    weight_bytes: float = 1.0
    kv_bytes: float = 1.0
    spare_experts: int = 0
    imbalance: float = 1.0  # busiest rank over the mean; 1.1 to 1.5 without load balancing

    @property
    def weights_per_gpu(self) -> float:
        shape = self.shape
        held = shape.moe_layers * (shape.experts + self.spare_experts) * shape.expert_params / self.ep
        rest = shape.total_params - shape.moe_layers * shape.experts * shape.expert_params
        return (held + rest) * self.weight_bytes

    @property
    def kv_room(self) -> float:
        """Bytes of a GPU left for KV; negative: the weights do not fit."""
        return self.gpu.memory * self.gpu.memory_share - self.gpu.reserved - self.weights_per_gpu

    def experts_touched(self, tokens: float) -> float:
        """Distinct experts a rank reads when every rank routes `tokens`."""
        here = (self.shape.experts + self.spare_experts) / self.ep
        return here * (1 - (1 - self.shape.top_k / self.shape.experts) ** (tokens * self.ep))


def pass_s(deployment: Deployment, sessions: float, tokens_each: float, context: float) -> float:
    """Seconds of one pass: `sessions` per GPU, each with `tokens_each` new tokens on `context` cached ones."""
    shape, gpu, w = deployment.shape, deployment.gpu, deployment.weight_bytes
    tokens = sessions * tokens_each
    bandwidth, flops = gpu.reach_bandwidth, gpu.reach_flops(w)
    weights = max(shape.attention_params * w / bandwidth, 2 * shape.attention_params * tokens / flops)
    cached = sessions * context * shape.kv_bytes_per_token_layer(deployment.kv_bytes) / bandwidth
    scores = shape.attention_flops_per_key * context * tokens / gpu.reach_flops(2)
    attention = weights + max(cached, scores) + FIXED_PER_LAYER_S

    one = shape.expert_params
    read = (deployment.experts_touched(tokens) + shape.shared_experts) * one * w / bandwidth
    work = 2 * one * (shape.top_k + shape.shared_experts) * tokens / flops
    compute = attention + max(read, work) * deployment.imbalance
    exchange = all_to_all_s(tokens, shape.top_k, shape.hidden, deployment.ep)
    overlap = OVERLAP if tokens >= OVERLAP_FROM_TOKENS else 0.0
    moe_layer = max(compute, exchange) + (1 - overlap) * min(compute, exchange)

    dense = 3 * shape.hidden * shape.dense_hidden
    dense_layer = attention + max(dense * w / bandwidth, 2 * dense * tokens / flops)
    head = 2 * shape.vocabulary * shape.hidden / bandwidth
    return shape.moe_layers * moe_layer + shape.dense_layers * dense_layer + head + HOST_PER_PASS_S
