"""The planner: published figures are met, limits bind where they must."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.planning.capacity import Load, capacity, most_sessions, tick_s
from cluster.planning.checks import checks
from cluster.planning.config_shape import FIELDS, shape_from_config
from cluster.planning.hardware import GPUS
from cluster.planning.passes import Deployment
from cluster.planning.shapes import KNOWN_MODELS, PRESETS

ROOT = Path(__file__).parents[2]
REFERENCE = PRESETS["reference-276b-a12b"]


@pytest.mark.parametrize("check", checks(), ids=lambda check: check.point)
def test_a_published_figure_is_predicted_within_its_tolerance(check) -> None:
    assert abs(check.error) <= check.tolerance


def test_eight_known_models_are_checked() -> None:
    assert len(KNOWN_MODELS) == 8


def test_active_parameters_lie_between_the_two_conventions_of_publishers() -> None:
    # Some count the input embedding as active, some do not; all round.
    for shape in (PRESETS[name] for name in KNOWN_MODELS):
        with_lookup = shape.active_params + shape.vocabulary * shape.hidden
        assert 0.95 * shape.active_params <= shape.published_active <= 1.02 * with_lookup, shape.name


def test_the_reference_says_that_its_layer_shapes_are_unpublished() -> None:
    assert "unpublished" in REFERENCE.note


def test_a_longer_window_never_gives_more_sessions() -> None:
    deployment = Deployment(shape=REFERENCE, gpu=GPUS["h100"], ep=16)
    found = [capacity(deployment, Load(window=window)).sessions_per_gpu for window in (2048, 4096, 8192, 32768)]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1]


def test_weights_that_do_not_fit_are_said_to_bind() -> None:
    small = capacity(Deployment(shape=REFERENCE, gpu=GPUS["h100"], ep=2, weight_bytes=2), Load())
    assert small.binds == "weights"
    assert small.sessions_per_gpu == 0


def test_the_bound_found_is_the_last_that_fits() -> None:
    deployment, load = Deployment(shape=REFERENCE, gpu=GPUS["h100"], ep=32), Load(derate=1.0)
    most = most_sessions(deployment, load)
    assert load.tick_allowed_s == pytest.approx(0.75 * 0.15)
    assert tick_s(deployment, load, most) <= load.tick_allowed_s < tick_s(deployment, load, most + 1)


def test_derating_costs_sessions() -> None:
    deployment = Deployment(shape=REFERENCE, gpu=GPUS["h100"], ep=32)
    honest, rosy = (most_sessions(deployment, Load(derate=d)) for d in (2.0, 1.0))
    assert honest < rosy


def test_the_exchange_of_a_tick_is_that_of_all_its_layers_and_passes() -> None:
    found = capacity(Deployment(shape=REFERENCE, gpu=GPUS["h100"], ep=16), Load(tokens_out=3)).all_to_all_us
    assert found["tick"] == pytest.approx(62 * (found["append"] + 2 * found["decode"]))
    alone = capacity(Deployment(shape=PRESETS["qwen3-30b-a3b"], gpu=GPUS["h200"], ep=1), Load())
    assert set(alone.all_to_all_us.values()) == {0.0}


def test_the_preset_of_the_model_that_ships_is_its_config() -> None:
    config = json.loads((ROOT / "models" / "counterpoint-micro" / "config.json").read_text())
    planned = PRESETS["counterpoint-micro"]
    assert shape_from_config(planned.name, config) == replace(planned, vocabulary=config["vocab_size"], note="")


def test_a_config_that_has_no_formula_is_refused_by_field() -> None:
    whole = dict.fromkeys(FIELDS.values(), 8)
    assert shape_from_config("x", whole).experts == 8
    with pytest.raises(ValueError, match=r"config\.json\.kv_lora_rank"):
        shape_from_config("x", whole | {"kv_lora_rank": 512})
    with pytest.raises(ValueError, match=r"config\.json\.num_experts: must be a count"):
        shape_from_config("x", whole | {"num_experts": None})
