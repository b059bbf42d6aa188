"""config.json: what is read, what is refused and how the refusal reads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from cluster.errors import ConfigError
from cluster.model.config import ModelConfig, dump_config, load_config, parse_config
from cluster.model.moe import ExpertBank
from cluster.model.names import all_tensors
from cluster.model.presets import MICRO, MICRO_VISION, REFERENCE_276B, reduced
from cluster.model.weights import Checkpoint
from tests.unit.engine_tools import SHALLOW, checkpoint


@pytest.mark.parametrize(
    "config", [MICRO, MICRO_VISION, REFERENCE_276B, reduced(MICRO, width=2, depth=1, vocab_size=9)]
)
def test_a_config_survives_writing_and_reading(config: ModelConfig) -> None:
    assert parse_config(dump_config(config)) == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hiden_size": 1}, "config.json.hiden_size: Unexpected keyword"),
        ({"hidden_size": "256"}, "config.json.hidden_size: Input should be a valid integer"),
        ({"audio": {"levels": 16.5}}, "config.json.audio.levels: "),
        ({"audio": {"mels": 40}}, "config.json.audio.mels: Unexpected"),
        ({"elapsed": {"periods": [1, "two"]}}, "config.json.elapsed.periods.1: "),
        ({"elapsed": {"periods": [0.0]}}, "config.json.elapsed.periods: must be positive"),
        ({"since": {"layer": 7}}, "config.json.since.layer: must be in 1..num_hidden_layers"),
        ({"micro_turn": {"speech_out": "opus"}}, "config.json.micro_turn.speech_out: "),
        ({"num_experts_per_tok": 9}, "config.json.num_experts_per_tok: must be in 1..num_experts"),
        ({"num_key_value_heads": 3}, "config.json.num_attention_heads: must be a multiple"),
        ({"position_stride": 8}, "config.json.position_stride: must hold a full micro-turn of 11 tokens"),
        ({"micro_turn": {"video_in_max": 4}}, "config.json.vision: is null while"),
        ({"ctc": {"layer": 7}}, "config.json.ctc.layer: must be in 1..num_hidden_layers"),
        ({"sil_token_id": 48}, "config.json.sil_token_id: must be below vocab_size"),
    ],
)
def test_a_wrong_config_is_refused_by_the_full_path_of_its_field(change: dict[str, object], message: str) -> None:
    fields = json.loads(dump_config(MICRO))
    with pytest.raises(ConfigError) as caught:
        parse_config(json.dumps(fields | change))
    assert message in str(caught.value)


def test_a_missing_field_and_broken_json_are_named() -> None:
    fields = json.loads(dump_config(MICRO))
    del fields["head_dim"]
    with pytest.raises(ConfigError, match=r"config\.json\.head_dim"):
        parse_config(json.dumps(fields))
    with pytest.raises(ConfigError, match=r"config\.json: Invalid JSON"):
        parse_config("{")


def test_the_reference_shape_has_276_billion_parameters_of_which_12_are_active() -> None:
    def size(shape: tuple[int, ...]) -> int:
        return 1 if not shape else shape[0] * size(shape[1:])

    c = REFERENCE_276B
    expert = 3 * c.hidden_size * c.moe_intermediate_size
    total = sum(size(shape) for name, shape in all_tensors(replace(c, num_experts=8)))
    total += c.num_hidden_layers * (c.num_experts - 8) * (expert + c.hidden_size)
    active = total - c.num_hidden_layers * (c.num_experts - c.num_experts_per_tok) * expert
    active -= c.vocab_size * c.hidden_size  # the input embedding is a lookup
    assert total == pytest.approx(276e9, rel=0.02)
    assert active == pytest.approx(12e9, rel=0.02)


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no config\.json"):
        load_config(tmp_path)
    (tmp_path / "config.json").write_text(dump_config(MICRO))
    with pytest.raises(ConfigError, match=r"no model\.safetensors"):
        Checkpoint(tmp_path)


def test_missing_and_misshapen_tensors_are_named(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path)
    path = folder / "model.safetensors"
    tensors = load_file(path)
    short = tensors | {"model.norm.weight": tensors["model.norm.weight"][:-1].clone()}
    save_file(short, path)
    with pytest.raises(ConfigError, match=r"model\.norm\.weight: has shape \(255,\), config\.json implies \(256,\)"):
        Checkpoint(folder).trunk()
    del tensors["lm_head.weight"]
    save_file(tensors, path)
    with pytest.raises(ConfigError, match=r"lm_head\.weight: is missing"):
        Checkpoint(folder).trunk()


def test_a_bank_reads_only_the_experts_it_owns(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path)
    path = folder / "model.safetensors"
    others = {
        name: tensor for name, tensor in load_file(path).items() if ".experts." not in name or ".experts.3." in name
    }
    save_file(others, path)
    bank = ExpertBank(folder, [3])
    assert bank.experts == (3,) and bank.num_layers == SHALLOW.num_hidden_layers
    with pytest.raises(ConfigError, match=r"experts\.4\.gate_proj"):
        ExpertBank(folder, [3, 4])
