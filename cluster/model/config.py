"""What a checkpoint is, as its `config.json` says it (the contract is in cluster/DESIGN.md). Torch-free."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from cluster.errors import ConfigError

_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Audio:
    """dMel features and the network that turns ten frames into one token."""

    sample_rate: int = 16_000
    num_mels: int = 40
    hop: int = 320
    window: int = 400
    fft: int = 512
    fmin: float = 60.0
    fmax: float = 7_600.0
    db_min: float = -42.0
    db_step: float = 4.0
    levels: int = 16
    channel_dim: int = 64
    hidden: int = 512
    frames_per_token: int = 5
    context_frames: int = 5

    @property
    def token_frames(self) -> int:
        """Frames one audio token sees: its own and the ones before."""
        return self.context_frames + self.frames_per_token


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Vision:
    """`grid` x `grid` patches of `patch` x `patch` RGB pixels a frame, one token each."""

    patch: int = 40
    grid: int = 2
    hidden: int = 256

    @property
    def patch_bytes(self) -> int:
        return self.patch * self.patch * 3


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Ctc:
    """Word posteriors fed back at audio positions after block number `layer`, counted from 1."""

    layer: int = 2


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Elapsed:
    periods: tuple[float, ...] = (0.8, 3.2, 12.8, 51.2, 204.8, 819.2)  # seconds


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Since:
    """How long ago the last output was and the newest request was kept, told after block number `layer`, from 1."""

    layer: int = 2


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class MicroTurnLimits:
    """What one micro-turn may hold, in tokens."""

    audio_in: int = 2
    video_in_max: int = 0
    text_in_max: int = 4
    text_out_max: int = 4
    speech_out: Literal["units", "mel", "none"] = "units"
    passes_max: int = 5


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Window:
    """Micro-turns of a tail before the next anchor, micro-turns of all pins, tokens of the prefix."""

    micro_turns: int = 160
    pins_max: int = 40
    prefix_max: int = 64


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Sampling:
    sil_bias: float = 0.0  # added to the logit of silence before a token is chosen


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class ModelConfig:
    """Qwen3-MoE names where Qwen3-MoE has one."""

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    num_experts: int
    num_experts_per_tok: int
    moe_intermediate_size: int
    vocab_size: int
    norm_topk_prob: bool = True
    rms_norm_eps: float = 1e-6
    rope_theta: float = 10_000.0
    audio: Audio = Field(default_factory=Audio)
    vision: Vision | None = None
    ctc: Ctc | None = None
    elapsed: Elapsed = Field(default_factory=Elapsed)
    since: Since | None = None
    micro_turn: MicroTurnLimits = Field(default_factory=MicroTurnLimits)
    window: Window = Field(default_factory=Window)
    sampling: Sampling = Field(default_factory=Sampling)
    position_stride: int = 16
    sil_token_id: int = 0
    # carried for Hugging Face tools; the engine does not read them
    architectures: tuple[str, ...] = ()
    model_type: str = "counterpoint"
    torch_dtype: str | None = None

    @property
    def audio_bytes(self) -> int:
        """dMel codes of one micro-turn: the context frames, then its own."""
        frames = self.audio.context_frames + self.micro_turn.audio_in * self.audio.frames_per_token
        return frames * self.audio.num_mels

    @property
    def max_context_turns(self) -> int:
        """Micro-turns a slot may hold: a late anchor may let the tail grow to twice its window."""
        return self.window.pins_max + 2 * self.window.micro_turns

    @property
    def max_positions(self) -> int:
        prefix = -(-self.window.prefix_max // self.position_stride)
        return self.position_stride * (prefix + self.max_context_turns)


_ADAPTER = TypeAdapter(ModelConfig)


def parse_config(text: str | bytes) -> ModelConfig:
    """Raises ConfigError with the full path of the first wrong field."""
    try:
        config = _ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(("config.json", *(str(part) for part in first["loc"])))
        raise ConfigError(path, f"{first['msg']} (got {str(first['input'])[:80]})") from None
    check_config(config)
    return config


def load_config(checkpoint_dir: Path) -> ModelConfig:
    path = Path(checkpoint_dir) / "config.json"
    if not path.is_file():
        raise ConfigError("checkpoint_dir", f"no config.json in {checkpoint_dir}; point it at a checkpoint folder")
    return parse_config(path.read_bytes())


def dump_config(config: ModelConfig) -> str:
    return json.dumps(_ADAPTER.dump_python(config, mode="json"), indent=2) + "\n"


def check_config(config: ModelConfig) -> None:
    """Rules that span fields. Raises ConfigError."""
    limits, ctc, since, heads = config.micro_turn, config.ctc, config.since, config.num_attention_heads
    layers = config.num_hidden_layers
    tokens = limits.audio_in + limits.video_in_max + limits.text_in_max + limits.text_out_max + 1
    rules = (
        ("num_attention_heads", heads % config.num_key_value_heads == 0, "must be a multiple of num_key_value_heads"),
        ("head_dim", config.head_dim % 2 == 0, "must be even for rotary positions"),
        ("num_experts_per_tok", 1 <= config.num_experts_per_tok <= config.num_experts, "must be in 1..num_experts"),
        ("sil_token_id", 0 <= config.sil_token_id < config.vocab_size, "must be below vocab_size"),
        ("position_stride", tokens <= config.position_stride, f"must hold a full micro-turn of {tokens} tokens"),
        ("vision", config.vision is not None or limits.video_in_max == 0, "is null while micro_turn.video_in_max > 0"),
        ("ctc.layer", ctc is None or 1 <= ctc.layer <= layers, "must be in 1..num_hidden_layers"),
        ("since.layer", since is None or 1 <= since.layer <= layers, "must be in 1..num_hidden_layers"),
        ("elapsed.periods", all(period > 0 for period in config.elapsed.periods), "must be positive seconds"),
        ("micro_turn.passes_max", limits.passes_max >= 1, "must be at least 1"),
    )
    for path, holds, message in rules:
        if not holds:
            raise ConfigError(f"config.json.{path}", message)
