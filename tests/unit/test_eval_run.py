"""Both ways of running a model have the same weights in the same dtype, and the report names it and the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from engine_tools import SHALLOW
from test_eval_goals import TIMESPEAK, a_set, answered, asked_by

from cluster.model.random_checkpoint import write_random_checkpoint
from cluster.types import Dtype
from evals.harness import live
from evals.harness.live import Cluster
from evals.harness.model import dtype_of
from evals.harness.others import Others
from evals.harness.realtime import Live
from evals.harness.report import Findings, report
from evals.harness.wanted import Wanted
from evals.served import Served

ITEMS = asked_by("flite:slt")


def found_with(cores: float | None) -> Findings:
    right = answered(ITEMS, "flite:slt")
    live = Live(id="0", turns=45, latency_ms=[90.0])
    return Findings(lockstep=right, realtime=right, live=(live,), others=None if cores is None else Others(cores))


def test_a_configured_dtype_is_taken_and_auto_is_measured(tmp_path: Path) -> None:
    write_random_checkpoint(tmp_path, config=SHALLOW)
    assert dtype_of(tmp_path, "bf16") is Dtype.BF16
    assert dtype_of(tmp_path, "auto") in (Dtype.F32, Dtype.BF16)


def test_the_cluster_is_given_the_dtype_of_lockstep_and_says_which_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, str] = {}

    @contextmanager
    def served(*options: str, environment: dict[str, str], log: Path) -> Iterator[Served]:
        given.update(environment)
        yield Served({"address": "127.0.0.1:1", "dtype": environment["COUNTERPOINT_ENGINE__DTYPE"]})

    async def listen_live(*_: Any, **__: Any) -> list[Live]:
        return []

    monkeypatch.setattr(live, "served", served)
    monkeypatch.setattr(live, "listen_live", listen_live)
    found = found_with(None)
    with Cluster(Wanted(checkpoint=tmp_path, voice=tmp_path, out=tmp_path), "bf16") as cluster:
        heard = cluster.listen([], "real time", lambda *_: None)
    assert given["COUNTERPOINT_ENGINE__DTYPE"] == "bf16"
    found.dtypes, found.others = {"lockstep": "bf16", "realtime": heard.dtype}, heard.others
    told = report(TIMESPEAK, a_set(tmp_path, "timespeak", ITEMS), found)
    assert told["versions"]["dtype"] == {"lockstep": "bf16", "realtime": "bf16"}
    assert told["cluster"]["others_cores"] is not None


@pytest.mark.parametrize(("cores", "quiet"), [(1.13, False), (0.2, True), (None, None)])
def test_a_run_beside_others_is_marked(tmp_path: Path, cores: float | None, quiet: bool | None) -> None:
    cluster = report(TIMESPEAK, a_set(tmp_path, "timespeak", ITEMS), found_with(cores))["cluster"]
    assert (cluster["others_cores"], cluster["quiet"]) == (cores, quiet)
