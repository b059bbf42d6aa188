"""From a checkpoint and the configuration to the integers a session is bounded by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tokenizers import Tokenizer

from cluster.config import Config
from cluster.errors import ConfigError
from cluster.model.config import ModelConfig
from cluster.session.limits import TODAY, CheckpointLimits, ControlTokens, SessionRules
from cluster.types import ModelEvent


def limits_of(model: ModelConfig, checkpoint: Path) -> CheckpointLimits:
    """Raises ConfigError for a tokenizer that cannot be read."""
    own_frames = model.micro_turn.audio_in * model.audio.frames_per_token
    context_bytes = model.audio.context_frames * model.audio.num_mels
    return CheckpointLimits(
        window=model.window.micro_turns,
        anchor_from=model.window.micro_turns * 5 // 8,
        pins_max=model.window.pins_max,
        prefix_max=model.window.prefix_max,
        stride=model.position_stride,
        audio_in=model.micro_turn.audio_in,
        text_in_max=model.micro_turn.text_in_max,
        text_out_max=model.micro_turn.text_out_max,
        passes_max=model.micro_turn.passes_max,
        audio_bytes=context_bytes + own_frames * model.audio.num_mels,
        context_bytes=context_bytes,
        tokens=_control_tokens(checkpoint / "tokenizer.json"),
    )


def _control_tokens(path: Path) -> ControlTokens:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        raise ConfigError("engine.checkpoint", f"{path} is not a tokenizer: {error}") from error
    found = {event.value: tokenizer.token_to_id(f"<{event.value}>") for event in ModelEvent}
    return ControlTokens(**{name: -1 if token is None else token for name, token in found.items()})


def rules_of(config: Config) -> SessionRules:
    limits = config.limits
    return replace(
        TODAY,
        detached_max_ms=limits.detached_s * 1000,
        idle_max_ms=limits.idle_s * 1000,
        duration_max_ms=limits.max_duration_s * 1000,
    )
