"""What others took of the machine is told from what this process and its children took."""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest

from evals.harness import others as module
from evals.harness.others import others


@pytest.mark.parametrize(("busy_s", "ours_s", "cores"), [(15.0, 15.0, 0.0), (15.0, 5.0, 1.0), (15.0, 16.0, 0.0)])
def test_the_cores_of_others_are_what_was_busy_without_ours(
    monkeypatch: pytest.MonkeyPatch, busy_s: float, ours_s: float, cores: float
) -> None:
    readings: dict[str, Iterator[object]] = {
        "_busy_s": iter([100.0, 100.0 + busy_s]),
        "_ours_s": iter([{1: 7.0}, {1: 8.0, 2: ours_s - 1.0}]),  # the second process began meanwhile
    }
    for name, values in readings.items():
        monkeypatch.setattr(module, name, lambda values=values: next(values))
    clock = iter([50.0, 60.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    with others() as found:
        pass
    assert found.cores == pytest.approx(cores)


def test_this_machine_tells_how_busy_it_is_and_what_of_it_is_ours() -> None:
    with others() as found:
        sum(range(200_000))
    assert 0 <= found.cores <= 1.5 * (psutil.cpu_count() or 1)
