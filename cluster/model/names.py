"""Names and shapes of every tensor of a checkpoint (the contract is in cluster/DESIGN.md). Torch-free."""

from __future__ import annotations

from collections.abc import Iterator

from cluster.model import since
from cluster.model.config import ModelConfig

Shape = tuple[int, ...]


def trunk_tensors(config: ModelConfig) -> Iterator[tuple[str, Shape]]:
    """Everything but the experts."""
    D, V, audio = config.hidden_size, config.vocab_size, config.audio
    yield "model.embed_tokens.weight", (V, D)
    frames_dim = audio.token_frames * audio.channel_dim
    yield "model.audio.channel_embed.weight", (audio.num_mels * audio.levels, audio.channel_dim)
    yield "model.audio.norm.weight", (frames_dim,)
    yield "model.audio.up_proj.weight", (audio.hidden, frames_dim)
    yield "model.audio.down_proj.weight", (D, audio.hidden)
    if config.vision is not None:
        yield "model.vision.up_proj.weight", (config.vision.hidden, config.vision.patch_bytes)
        yield "model.vision.down_proj.weight", (D, config.vision.hidden)
    yield "model.elapsed.weight", (D, 2 * len(config.elapsed.periods))
    if config.since is not None:
        yield "model.since.weight", (D, 2 * since.SIZE)
    for layer in range(config.num_hidden_layers):
        yield from _layer_tensors(config, layer)
    if config.ctc is not None:
        yield "model.ctc.norm.weight", (D,)
        yield "model.ctc.head.weight", (V, D)
        yield "model.ctc.gain", ()
    yield "model.norm.weight", (D,)
    yield "lm_head.weight", (V, D)


def _layer_tensors(config: ModelConfig, layer: int) -> Iterator[tuple[str, Shape]]:
    D, d = config.hidden_size, config.head_dim
    prefix = f"model.layers.{layer}"
    yield f"{prefix}.input_layernorm.weight", (D,)
    yield f"{prefix}.post_attention_layernorm.weight", (D,)
    yield f"{prefix}.self_attn.q_proj.weight", (config.num_attention_heads * d, D)
    yield f"{prefix}.self_attn.k_proj.weight", (config.num_key_value_heads * d, D)
    yield f"{prefix}.self_attn.v_proj.weight", (config.num_key_value_heads * d, D)
    yield f"{prefix}.self_attn.o_proj.weight", (D, config.num_attention_heads * d)
    yield f"{prefix}.self_attn.q_norm.weight", (d,)
    yield f"{prefix}.self_attn.k_norm.weight", (d,)
    yield f"{prefix}.mlp.gate.weight", (config.num_experts, D)


def expert_tensors(config: ModelConfig, layer: int, expert: int) -> Iterator[tuple[str, Shape]]:
    """Gate, up and down of one expert, in this order."""
    D, inter = config.hidden_size, config.moe_intermediate_size
    prefix = f"model.layers.{layer}.mlp.experts.{expert}"
    yield f"{prefix}.gate_proj.weight", (inter, D)
    yield f"{prefix}.up_proj.weight", (inter, D)
    yield f"{prefix}.down_proj.weight", (D, inter)


def all_tensors(config: ModelConfig) -> Iterator[tuple[str, Shape]]:
    yield from trunk_tensors(config)
    for layer in range(config.num_hidden_layers):
        for expert in range(config.num_experts):
            yield from expert_tensors(config, layer, expert)
