"""Shapes by name. Torch-free."""

from __future__ import annotations

from dataclasses import replace

from cluster.model.config import Ctc, MicroTurnLimits, ModelConfig, Since, Vision

MICRO = ModelConfig(
    hidden_size=256,
    num_hidden_layers=6,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=64,
    num_experts=8,
    num_experts_per_tok=2,
    moe_intermediate_size=128,
    vocab_size=48,
    ctc=Ctc(layer=2),
    since=Since(),
)
"""The shape of models/counterpoint-micro, with a vocabulary for tests."""

MICRO_VISION = replace(MICRO, vision=Vision(), micro_turn=replace(MICRO.micro_turn, video_in_max=4))

REFERENCE_276B = ModelConfig(
    hidden_size=4_096,
    num_hidden_layers=62,
    num_attention_heads=32,
    num_key_value_heads=8,
    head_dim=128,
    num_experts=256,
    num_experts_per_tok=8,
    moe_intermediate_size=1_408,
    vocab_size=160_000,
    vision=Vision(hidden=1_024),
    since=Since(),
    micro_turn=MicroTurnLimits(video_in_max=4),
)
"""276B parameters, 12B active. The layer shapes of the public reference are unpublished: these are a guess."""


def reduced(config: ModelConfig, *, width: int, depth: int, vocab_size: int) -> ModelConfig:
    """The same model `width` times narrower with `depth` layers: every ratio of heads, experts and top-k is kept."""
    return replace(
        config,
        hidden_size=config.hidden_size // width,
        head_dim=config.head_dim // width,
        moe_intermediate_size=config.moe_intermediate_size // width,
        num_hidden_layers=depth,
        vocab_size=vocab_size,
        ctc=config.ctc and Ctc(layer=min(config.ctc.layer, depth)),
        since=config.since and replace(config.since, layer=min(config.since.layer, depth)),
        audio=replace(config.audio, hidden=max(64, config.audio.hidden // width)),
    )
