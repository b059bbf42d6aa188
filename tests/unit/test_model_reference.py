"""The engine computes what the trainer's reference forward computes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from cluster.engine import Engine
from cluster.model.config import ModelConfig
from cluster.model.dispatch import Local
from cluster.model.moe import ExpertBank
from cluster.model.presets import MICRO, MICRO_VISION, REFERENCE_276B, reduced
from cluster.model.sequence import Context, Rows
from cluster.types import ContextTurn, Dtype, Prefill
from tests.unit.engine_tools import Driver, checkpoint, conversation
from training.forward import Context as ReferenceContext
from training.forward import reference_logits

CONFIGS = {
    "micro": MICRO,
    "with eyes": replace(MICRO_VISION, num_hidden_layers=3),
    "276B shape": reduced(REFERENCE_276B, width=32, depth=3, vocab_size=100),
}


def logits_of(engine: Engine, prefix: tuple[int, ...], items: list[ContextTurn], dtype: Dtype) -> torch.Tensor:
    """Logits at every row of a context that is prefilled in chunks."""
    context, parts = Context(slot=0), []
    engine.cache.table.reserve(0, 800)
    exchange = Local(ExpertBank(engine.checkpoint_dir, dtype=dtype))
    for first in range(0, len(items), 5):
        rows = Rows()
        chunk = Prefill(slot=0, prefix=() if first else prefix, index=first, items=tuple(items[first : first + 5]))
        rows.append_prefill(context, chunk, engine.config)
        if first + 5 >= len(items):
            rows.append_pending(context)
        rows.logits = list(range(len(rows)))
        parts.append(engine._model.forward(rows, engine.cache, exchange, lambda: None))
    return torch.cat(parts)


def talk(config: ModelConfig, count: int = 14) -> list[ContextTurn]:
    turns = conversation(9, count, config, first_k=70_000)
    outs = [(), (7,), (8, 9, 10), ()]
    items = [ContextTurn(turn=turn, out=outs[i % 4]) for i, turn in enumerate(turns)]
    items[3] = replace(items[3], turn=replace(items[3].turn, audio=b"", text=(6, 7)))
    return items


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("deterministic", [False, True])
def test_logits_agree_with_the_reference_forward(name: str, deterministic: bool, tmp_path: Path) -> None:
    config, prefix = CONFIGS[name], (7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23)
    folder = checkpoint(tmp_path, config)
    items = talk(config)
    expected = reference_logits(folder, ReferenceContext(prefix=prefix, turns=tuple(items)))
    engine = Engine(folder, num_slots=1, deterministic=deterministic)
    got = logits_of(engine, prefix, items, Dtype.F32)
    torch.testing.assert_close(got, expected, rtol=2e-3, atol=2e-3)


def test_bf16_weights_stay_near_the_reference(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, CONFIGS["with eyes"])
    items = talk(CONFIGS["with eyes"])
    expected = reference_logits(folder, ReferenceContext(prefix=(7,), turns=tuple(items)))
    engine = Engine(folder, num_slots=1, dtype=Dtype.BF16)
    got = logits_of(engine, (7,), items, Dtype.BF16)
    assert torch.nn.functional.cosine_similarity(got, expected, dim=-1).median() > 0.995


@pytest.mark.parametrize("deterministic", [False, True])
def test_live_output_is_the_greedy_choice_of_the_reference(deterministic: bool, tmp_path: Path) -> None:
    config = replace(MICRO, num_hidden_layers=3)
    folder = checkpoint(tmp_path, config, sil_bias=2.0)
    driver = Driver(Engine(folder, num_slots=1, deterministic=deterministic))
    driver.open("a", 0)
    heard: list[ContextTurn] = []
    for turn in conversation(10, 8, config):
        spoken = driver.say("a", 0, turn).outputs[0].tokens
        for said in range(min(len(spoken) + 1, config.micro_turn.text_out_max)):
            items = (*heard, ContextTurn(turn=turn, out=spoken[:said]))
            logits = reference_logits(folder, ReferenceContext(prefix=(7, 8, 9), turns=items))[-2].clone()
            logits[config.sil_token_id] += 2.0
            assert int(logits.argmax()) == (spoken[said] if said < len(spoken) else config.sil_token_id)
        heard.append(ContextTurn(turn=turn, out=spoken))
    assert any(item.out for item in heard)
