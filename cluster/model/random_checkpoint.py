"""Writes a checkpoint with seeded random weights: everything about serving but the meaning can be tested with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

from cluster.model.config import ModelConfig, check_config, dump_config
from cluster.model.names import all_tensors
from cluster.model.presets import MICRO

CONTROL_WORDS = ("<sil>", "<keep>", "<release>", "<delegate>", "<stop>", "<unk>")
# fmt: off
WORDS = (
    "breathe", "drink", "water", "stretch", "look", "up", "stand", "tall", "tea", "coffee", "walk", "rest", "say",
    "when", "you", "hear", "remind", "me", "to", "every", "in", "seconds", "second", "one", "two", "three", "four",
    "five", "six", "seven", "eight", "nine", "ten", "half", "and", "a", "that", "is", "enough", "now",
)
# fmt: on
_ONES = ("norm.weight", "layernorm.weight")


def write_random_checkpoint(
    checkpoint_dir: Path,
    *,
    config: ModelConfig = MICRO,
    seed: int = 0,
    sil_bias: float = 0.0,
    dtype: torch.dtype = torch.float32,
) -> Path:
    """Write config.json, model.safetensors and tokenizer.json; return the folder.

    `sil_bias` goes to config.json: about 2 makes most micro-turns silent, 0 makes nearly all speak.
    """
    config = replace(config, sampling=replace(config.sampling, sil_bias=sil_bias))
    check_config(config)
    checkpoint_dir = Path(checkpoint_dir)
    checkpoint_dir.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(seed)
    tensors = {name: _random(name, shape, generator).to(dtype) for name, shape in all_tensors(config)}
    save_file(tensors, checkpoint_dir / "model.safetensors")
    (checkpoint_dir / "config.json").write_text(dump_config(config))
    _tokenizer(config.vocab_size).save(str(checkpoint_dir / "tokenizer.json"))
    return checkpoint_dir


def _random(name: str, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    if name.endswith(_ONES):
        return 1.0 + 0.1 * torch.randn(shape, generator=generator)
    if not shape:
        return torch.tensor(0.5)
    # unit variance out of every projection keeps a deep random model away from both collapse and overflow
    scale = 1.0 if "embed" in name else shape[-1] ** -0.5
    return scale * torch.randn(shape, generator=generator)


def _tokenizer(vocab_size: int) -> Tokenizer:
    words = list(dict.fromkeys((*CONTROL_WORDS, *WORDS)))[:vocab_size]
    words += [f"word{i}" for i in range(len(words), vocab_size)]
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    return tokenizer
