"""What others took of the machine is told from what this process and its children took."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

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


def test_ours_is_this_process_with_its_children_and_part_of_what_is_busy() -> None:
    child = subprocess.Popen(["sleep", "60"])
    try:
        ours_s = module._ours_s()
        assert {os.getpid(), child.pid} <= ours_s.keys()
        assert 0 < ours_s[os.getpid()] < module._busy_s()
    finally:
        child.kill()
        child.wait()
