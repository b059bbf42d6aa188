"""The checkpoint that ships: small enough for a laptop, and it says the same wherever its experts are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import torch

from cluster.media.text import Vocabulary
from cluster.model.config import load_config
from cluster.types import MicroTurn
from tests.unit import all_to_all_rank
from tests.unit.engine_tools import new_engine

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "models" / "counterpoint-micro"
TICKS = 20  # four seconds
REQUEST = "remind me to drink water every two seconds"


def test_what_ships_is_below_a_hundred_megabytes() -> None:
    assert sum(file.stat().st_size for file in SHIPPED.rglob("*.safetensors")) < 100e6
    assert sum(file.stat().st_size for file in SHIPPED.parent.rglob("*") if file.is_file()) < 100e6


def asked(text: str) -> list[MicroTurn]:
    """Somebody types a request and is silent."""
    config, tokens = load_config(SHIPPED), Vocabulary(SHIPPED / "tokenizer.json").encode(text, "text")
    most = config.micro_turn.text_in_max
    typed = [tokens[start : start + most] for start in range(0, len(tokens), most)]
    typed += [()] * (TICKS - len(typed))
    return [MicroTurn(k=k, audio=bytes(config.audio_bytes), text=text) for k, text in enumerate(typed)]


def test_over_all_to_all_it_says_what_it_says_with_its_experts_beside_it(tmp_path: Path) -> None:
    out, rendezvous, turns = tmp_path / "rank1.pt", tmp_path / "rendezvous", asked(REQUEST)
    command = [sys.executable, all_to_all_rank.__file__, SHIPPED, rendezvous, out, 1, "f32", TICKS]
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'protos'}", "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    with subprocess.Popen([str(part) for part in command], env=environment) as other:
        try:
            apart = all_to_all_rank.run_rank(SHIPPED, rendezvous, 0, ticks=TICKS, turns=turns)
            assert other.wait(timeout=30) == 0
        finally:
            other.kill()
    together = all_to_all_rank.talk(new_engine(SHIPPED), 0, TICKS, turns)
    assert apart["said"] == together["said"]
    assert torch.equal(apart["kv"], together["kv"])
    vocabulary = Vocabulary(SHIPPED / "tokenizer.json")
    assert ("drink", "water") in [vocabulary.words(tokens) for tokens in apart["said"]]
    beside = all_to_all_rank.talk(new_engine(SHIPPED), 1, TICKS)
    assert torch.load(out, weights_only=True)["said"] == beside["said"]
