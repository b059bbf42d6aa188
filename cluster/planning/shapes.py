"""Model shapes by which a deployment is sized, and their parameter counts.

Counts follow the layer arithmetic of the models' own configurations; biases and norms are left out (under 0.1 %).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentAttention:
    """Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): ranks and per-head sizes."""

    query_rank: int
    kv_rank: int
    nope_dim: int
    rope_dim: int
    value_dim: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelShape:
    """A mixture-of-experts decoder. published_*: what its publisher states, in parameters; None where nothing is."""

    name: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    experts: int
    top_k: int
    expert_hidden: int
    vocabulary: int
    dense_layers: int = 0
    dense_hidden: int = 0
    shared_experts: int = 0
    tied_embeddings: bool = False
    latent: LatentAttention | None = None
    published_total: float | None = None
    published_active: float | None = None
    note: str = ""

    @property
    def moe_layers(self) -> int:
        return self.layers - self.dense_layers

    @property
    def attention_params(self) -> int:
        """Of one layer."""
        h, n = self.hidden, self.heads
        if self.latent is None:
            return 2 * h * n * self.head_dim + 2 * h * self.kv_heads * self.head_dim
        m = self.latent
        queries = h * m.query_rank + m.query_rank * n * (m.nope_dim + m.rope_dim)
        keys = h * (m.kv_rank + m.rope_dim) + m.kv_rank * n * (m.nope_dim + m.value_dim)
        return queries + keys + n * m.value_dim * h

    @property
    def expert_params(self) -> int:
        return 3 * self.hidden * self.expert_hidden

    def _params(self, experts: int, embeddings: int) -> int:
        router = self.hidden * self.experts
        moe = self.moe_layers * ((experts + self.shared_experts) * self.expert_params + router)
        dense = self.dense_layers * 3 * self.hidden * self.dense_hidden
        return self.layers * self.attention_params + moe + dense + embeddings * self.vocabulary * self.hidden

    @property
    def total_params(self) -> int:
        return self._params(self.experts, 1 if self.tied_embeddings else 2)

    @property
    def active_params(self) -> int:
        """Touched by one token; the input embedding is a lookup and does not count."""
        return self._params(self.top_k, 1)

    def kv_bytes_per_token_layer(self, kv_bytes: float) -> float:
        """kv_bytes: bytes of one cached number (2 for bf16, 1 for fp8)."""
        if self.latent is not None:
            return (self.latent.kv_rank + self.latent.rope_dim) * kv_bytes
        return 2 * self.kv_heads * self.head_dim * kv_bytes

    def kv_bytes_per_token(self, kv_bytes: float) -> float:
        return self.layers * self.kv_bytes_per_token_layer(kv_bytes)

    @property
    def attention_flops_per_key(self) -> float:
        """Multiply-adds counted as two, per query token and cached token of one layer (latent: absorbed form)."""
        if self.latent is not None:
            return 2.0 * self.heads * (2 * self.latent.kv_rank + self.latent.rope_dim)
        return 4.0 * self.heads * self.head_dim


_DEEPSEEK_LATENT = LatentAttention(query_rank=1536, kv_rank=512, nope_dim=128, rope_dim=64, value_dim=128)

_KNOWN = (
    ModelShape(
        name="olmoe-1b-7b",
        layers=16,
        hidden=2048,
        heads=16,
        kv_heads=16,
        head_dim=128,
        experts=64,
        top_k=8,
        expert_hidden=1024,
        vocabulary=50304,
        published_total=6.92e9,
        published_active=1.28e9,
    ),
    ModelShape(
        name="qwen3-30b-a3b",
        layers=48,
        hidden=2048,
        heads=32,
        kv_heads=4,
        head_dim=128,
        experts=128,
        top_k=8,
        expert_hidden=768,
        vocabulary=151936,
        published_total=30.5e9,
        published_active=3.3e9,
    ),
    ModelShape(
        name="qwen3-235b-a22b",
        layers=94,
        hidden=4096,
        heads=64,
        kv_heads=4,
        head_dim=128,
        experts=128,
        top_k=8,
        expert_hidden=1536,
        vocabulary=151936,
        published_total=235.1e9,
        published_active=22.0e9,
    ),
    ModelShape(
        name="gpt-oss-20b",
        layers=24,
        hidden=2880,
        heads=64,
        kv_heads=8,
        head_dim=64,
        experts=32,
        top_k=4,
        expert_hidden=2880,
        vocabulary=201088,
        published_total=20.9e9,
        published_active=3.6e9,
    ),
    ModelShape(
        name="gpt-oss-120b",
        layers=36,
        hidden=2880,
        heads=64,
        kv_heads=8,
        head_dim=64,
        experts=128,
        top_k=4,
        expert_hidden=2880,
        vocabulary=201088,
        published_total=116.8e9,
        published_active=5.1e9,
    ),
    ModelShape(
        name="mixtral-8x7b",
        layers=32,
        hidden=4096,
        heads=32,
        kv_heads=8,
        head_dim=128,
        experts=8,
        top_k=2,
        expert_hidden=14336,
        vocabulary=32000,
        published_total=46.7e9,
        published_active=12.9e9,
    ),
    ModelShape(
        name="deepseek-v3",
        layers=61,
        hidden=7168,
        heads=128,
        kv_heads=128,
        head_dim=128,
        experts=256,
        top_k=8,
        expert_hidden=2048,
        vocabulary=129280,
        dense_layers=3,
        dense_hidden=18432,
        shared_experts=1,
        latent=_DEEPSEEK_LATENT,
        published_total=671.0e9,
        published_active=37.0e9,
    ),
    ModelShape(
        name="minimax-m2",
        layers=62,
        hidden=3072,
        heads=48,
        kv_heads=8,
        head_dim=128,
        experts=256,
        top_k=8,
        expert_hidden=1536,
        vocabulary=200064,
        published_total=228.7e9,
        published_active=10.0e9,
    ),
)

_REFERENCE = ModelShape(
    name="reference-276b-a12b",
    layers=62,
    hidden=4096,
    heads=32,
    kv_heads=8,
    head_dim=128,
    experts=256,
    top_k=8,
    expert_hidden=1408,
    vocabulary=160_000,
    published_total=276e9,
    published_active=12e9,
    note="layer shapes are unpublished; this one is chosen to meet 276B total and 12B active",
)

KNOWN_MODELS = tuple(shape.name for shape in _KNOWN)


def micro(vocabulary: int = 256) -> ModelShape:
    """The shape of the checkpoint that ships."""
    return ModelShape(
        name="counterpoint-micro",
        layers=6,
        hidden=256,
        heads=4,
        kv_heads=2,
        head_dim=64,
        experts=8,
        top_k=2,
        expert_hidden=128,
        vocabulary=vocabulary,
        note="its audio network and CTC head, under 10 % of it, are left out",
    )


PRESETS: dict[str, ModelShape] = {shape.name: shape for shape in (micro(), *_KNOWN, _REFERENCE)}
