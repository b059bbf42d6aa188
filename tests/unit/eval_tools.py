"""What tests of evaluation share: a voice that costs nothing, an oracle, and a small model that talks a lot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from cluster.model.config import Window
from cluster.model.presets import MICRO_VISION
from cluster.model.random_checkpoint import write_random_checkpoint
from evals.items import Item, Said

MODELS = Path(__file__).parents[2] / "models"
SHIPPED, VOICE = MODELS / "counterpoint-micro", MODELS / "voice"


def talkative(folder: Path) -> Path:
    """A checkpoint in `folder`: random weights over the shipped vocabulary, with eyes. It says a lot, and never twice
    the same.
    """
    tokenizer = SHIPPED / "tokenizer.json"
    size = Tokenizer.from_file(str(tokenizer)).get_vocab_size()
    window = Window(micro_turns=16, pins_max=4, prefix_max=8)
    shape = replace(MICRO_VISION, num_hidden_layers=1, ctc=None, since=None, vocab_size=size, window=window)
    write_random_checkpoint(folder, config=shape, sil_bias=1.0)
    (folder / "tokenizer.json").write_bytes(tokenizer.read_bytes())
    return folder


def tone(voice: str, text: str, speed: float) -> np.ndarray:
    """60 ms a letter."""
    t = np.arange(int(len(text) * 0.06 * 16000 / speed)) / 16000
    return (0.08 * np.sin(2 * np.pi * (150 + len(voice)) * t)).astype(np.float32)


def oracle(item: Item, delay_s: float = 0.0) -> list[Said]:
    return [Said(onset_s=due.from_s + delay_s, text=due.text) for due in item.expect]
