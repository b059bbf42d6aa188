"""The planner: published figures are met, limits bind where they must."""

from __future__ import annotations

import pytest

from cluster.planning.capacity import Load, capacity, most_sessions, tick_s
from cluster.planning.checks import checks
from cluster.planning.fit import Affine, fit
from cluster.planning.hardware import GPUS
from cluster.planning.passes import Deployment
from cluster.planning.shapes import KNOWN_MODELS, PRESETS

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
    assert small.usd_per_session_hour is None


def test_the_bound_found_is_the_last_that_fits() -> None:
    deployment, load = Deployment(shape=REFERENCE, gpu=GPUS["h100"], ep=32), Load(derate=1.0)
    most = most_sessions(deployment, load)
    allowed = (1 - load.reserve) * 0.15
    assert tick_s(deployment, load, most) <= allowed < tick_s(deployment, load, most + 1)


def test_derating_costs_sessions() -> None:
    deployment = Deployment(shape=REFERENCE, gpu=GPUS["h100"], ep=32)
    honest, rosy = (most_sessions(deployment, Load(derate=d)) for d in (2.0, 1.0))
    assert honest < rosy


def test_a_fit_ignores_a_single_stall() -> None:
    ticks = [(n, 0.010 + 0.002 * n) for n in (1, 2, 4, 8) for _ in range(9)] + [(8, 1.0)]
    line = fit(ticks)
    assert line.base_s == pytest.approx(0.010)
    assert line.each_s == pytest.approx(0.002)
    assert line.capacity(0.16, 0.25) == 55


def test_a_fit_refuses_what_no_line_can_be_drawn_through() -> None:
    with pytest.raises(ValueError, match="two different numbers"):
        fit([(4, 0.01), (4, 0.02)])
    with pytest.raises(ValueError, match="does not grow"):
        fit([(1, 0.02), (8, 0.01)])


def test_a_line_with_no_room_gives_no_sessions() -> None:
    assert Affine(1.0, 0.1).capacity(0.16, 0.25) == 0
