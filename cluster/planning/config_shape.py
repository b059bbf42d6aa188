"""The shape of a checkpoint on disk, from its config.json by the names of Qwen3-MoE; the caller reads the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cluster.planning.shapes import ModelShape

FIELDS = {
    "layers": "num_hidden_layers",
    "hidden": "hidden_size",
    "heads": "num_attention_heads",
    "kv_heads": "num_key_value_heads",
    "head_dim": "head_dim",
    "experts": "num_experts",
    "top_k": "num_experts_per_tok",
    "expert_hidden": "moe_intermediate_size",
    "vocabulary": "vocab_size",
}
OTHER_KINDS = ("kv_lora_rank", "n_shared_experts", "shared_expert_intermediate_size", "first_k_dense_replace")


def shape_from_config(name: str, config: Mapping[str, Any]) -> ModelShape:
    """Raises ValueError for a field that is missing or no count, and for kinds of layers that are not Qwen3-MoE's."""
    if other := [field for field in OTHER_KINDS if config.get(field)]:
        raise ValueError(f"config.json.{other[0]}: layers of this kind have no formula here; take a preset")
    counts: dict[str, int] = {}
    for ours, theirs in FIELDS.items():
        value = config.get(theirs)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"config.json.{theirs}: must be a count above 0, got {value!r}")
        counts[ours] = value
    return ModelShape(name=name, tied_embeddings=bool(config.get("tie_word_embeddings", False)), **counts)
