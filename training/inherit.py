"""A training model that begins with the weights of an exported checkpoint of the same shape, word by word.

The vocabulary may have grown or moved since: rows of known words go along, those of new words stay as drawn.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from training import vocab
from training.model import Micro

_EYES = ("vision.", "sights.")
_BY_WORD = ("embed_tokens", "lm_head.weight", "ctc.head.weight")


def inherit(model: Micro, checkpoint: Path) -> list[str]:
    """Copies what fits; returns the names of parameters that stay as drawn. Raises ValueError for another shape."""
    given = load_file(checkpoint / "model.safetensors")
    words: dict[str, int] = json.loads((checkpoint / "tokenizer.json").read_text())["model"]["vocab"]
    fresh = []
    with torch.no_grad():
        for name, own in model.named_parameters():
            old = _find(name, given)
            if old is None:
                fresh.append(name)
            elif name in _BY_WORD:
                known = [(new, words[word]) for new, word in enumerate(vocab.WORDS) if word in words]
                own[[new for new, _ in known]] = old[[at for _, at in known]]
            elif own.shape != old.shape:
                raise ValueError(f"{checkpoint}: {name} is {tuple(old.shape)}, here {tuple(own.shape)}")
            else:
                own.copy_(old)
        if "since" in fresh:
            model.tell_in_words()
        model.vision.trained.fill_("model.vision.up_proj.weight" in given)
    return fresh


def adopt(model: Micro, state: dict[str, Tensor]) -> None:
    """Loads a training state, also one from before there were pictures: what sees then stays as drawn.

    Raises RuntimeError for a state that lacks or has anything else.
    """
    own = {name: tensor for name, tensor in model.state_dict().items() if name.startswith(_EYES)}
    model.load_state_dict(own | state)


def _find(name: str, given: dict[str, Tensor]) -> Tensor | None:
    if name.endswith("mlp.gate_up"):
        prefix = f"model.{name.removesuffix('gate_up')}experts."
        pairs = [
            torch.stack([given[f"{prefix}{e}.{part}_proj.weight"] for part in ("gate", "up")])
            for e in _experts(name, given)
        ]
        return torch.stack(pairs)
    if name.endswith("mlp.down"):
        prefix = f"model.{name.removesuffix('down')}experts."
        return torch.stack([given[f"{prefix}{e}.down_proj.weight"] for e in _experts(name, given)])
    for candidate in (name, f"model.{name}", f"model.{name}.weight"):
        if candidate in given:
            return given[candidate]
    return None


def _experts(name: str, given: dict[str, Tensor]) -> list[int]:
    prefix = f"model.{name.rsplit('.', 1)[0]}.experts."
    return sorted({int(key[len(prefix) :].split(".")[0]) for key in given if key.startswith(prefix)})
