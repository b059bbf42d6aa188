"""Many conversations at once through the serving engine, a slot each: the tokens of `training.listener`, sooner."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cluster.engine import Engine
from cluster.media.dmel import DMelConfig
from cluster.model.dispatch import Local
from cluster.types import Prefill, SlotWork, TickBatch
from training.expert_load import CountingBank
from training.forward import vocabulary
from training.listener import Past, Said, micro_turns, to_said

_PAGES_PER_SLOT = 56  # 16 rows each: a conversation shorter than the window, even a talkative one


def listen_together(bank: CountingBank, sounds: Sequence[npt.NDArray[np.float32]]) -> list[list[Said]]:
    """What the checkpoint of the bank says in each; greedy. Raises ValueError for a sound longer than a window."""
    engine = Engine(
        bank.checkpoint, num_slots=len(sounds), exchange=Local(bank), num_pages=_PAGES_PER_SLOT * len(sounds)
    )
    turns = [list(micro_turns(samples_N, DMelConfig())) for samples_N in sounds]
    window = engine.config.window.micro_turns
    if max(map(len, turns)) > window:
        raise ValueError(f"sounds: at most {window} micro-turns, for there are no anchors here; use training.listener")
    opened = tuple(
        SlotWork(session=str(slot), epoch=1, slot=slot, prefills=(Prefill(slot=slot, reset=True),))
        for slot in range(len(sounds))
    )
    engine.step(TickBatch(n=0, engine_epoch=0, work=opened))
    words = vocabulary(bank.checkpoint)
    said: list[list[Said]] = [[] for _ in sounds]
    pasts = [Past() for _ in sounds]
    for k in range(max(map(len, turns))):
        passes = engine.config.micro_turn.passes_max
        live = [slot for slot, own in enumerate(turns) if k < len(own)]
        told = [pasts[slot].tell(turns[slot][k]) for slot in live]
        work = tuple(
            SlotWork(session=str(slot), epoch=1, slot=slot, turns=(turn,), max_passes=passes)
            for slot, turn in zip(live, told, strict=True)
        )
        result = engine.step(TickBatch(n=k + 1, engine_epoch=0, work=work))
        for slot, each in zip(live, result.results, strict=True):
            pasts[slot].enter(each.outputs[0].tokens)
            if tokens := each.outputs[0].tokens:
                said[slot].append(to_said(k, tokens, words))
    return said


def with_bias(checkpoint: Path, sil_bias: float) -> Path:
    """The same checkpoint with another silence bias, in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="counterpoint-bias-"))
    for name in ("model.safetensors", "tokenizer.json"):
        (folder / name).symlink_to((checkpoint / name).resolve())
    config = json.loads((checkpoint / "config.json").read_text())
    config["sampling"] = {"sil_bias": sil_bias}
    (folder / "config.json").write_text(json.dumps(config))
    return folder
