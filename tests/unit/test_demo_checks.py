"""What the demo must have shown: each check fails on what it is there to catch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from actors.demo_checks import (
    Check,
    Counted,
    Expected,
    expert_calls_add_up,
    own_processes,
    reached_by_grpc,
    said_in_time,
    silent,
)
from actors.handles import ActorInfo
from cluster.telemetry import metrics as m
from cluster.telemetry.metrics import Metrics
from cluster.telemetry.scrape import Scrape

EXPECTED = Expected(text="drink water", from_s=8.5, to_s=9.7)
ROLES = ("supervisor", "ingest", "scheduler", "engine", "expert", "expert")


def actor(role: str, pid: int) -> ActorInfo:
    return ActorInfo(role=role, name=f"{role}-0", pid=pid, node="n", address="", metrics_address="")


def actors() -> list[ActorInfo]:
    return [actor(role, os.getpid() + 1 + index) for index, role in enumerate(ROLES)]


def test_the_phrase_must_be_said_inside_its_window() -> None:
    assert said_in_time([{"t_s": 9.0, "text": "now drink water"}], EXPECTED).holds
    for said in ([], [{"t_s": 8.4, "text": "drink water"}], [{"t_s": 9.0, "text": "drink"}]):
        assert not said_in_time(said, EXPECTED).holds
    assert said_in_time([{"t_s": 8.4, "text": "drink"}], EXPECTED).found == "“drink” at 8.40 s"


def test_a_word_in_the_control_fails() -> None:
    assert silent([]).holds
    assert not silent([{"t_s": 1.0, "text": "yes"}]).holds


def test_actors_that_share_a_process_or_are_missing_fail() -> None:
    assert own_processes(actors()).holds
    assert not own_processes([*actors(), actor("expert", os.getpid())]).holds
    assert not own_processes([*actors(), actors()[0]]).holds
    without = own_processes([info for info in actors() if info.role != "engine"])
    assert (without.holds, without.found) == (False, "5 actors, 5 processes, no engine")


def test_any_other_exchange_fails() -> None:
    assert reached_by_grpc("Grpc").holds
    assert not reached_by_grpc("Local").holds


def turn(passes: int, calls: int, *degradations: str, used: int | None = None) -> dict[str, Any]:
    return {
        "stages": {"passes": passes, "expert_calls": calls, "shards_used": calls if used is None else used},
        "degradations": [{"what": what, "cause": ""} for what in degradations],
    }


COUNTED = Counted(passes=3, used=32, again=0, called=32, answered=32, served=(17, 15))
TURNS = [turn(1, 12), turn(2, 20), turn(0, 12), turn(1, 3, "expert_dropped")]


def adds_up(turns: Sequence[dict[str, Any]] = TURNS, layers: int = 6, **counted: Any) -> Check:
    return expert_calls_add_up(turns, replace(COUNTED, **counted), layers=layers, shards=2)


def test_expert_calls_are_as_many_as_shards_that_had_rows() -> None:
    assert adds_up().holds
    assert adds_up().found == "32 calls = 32 shards used in 6 layers × 3 passes; 32 computed"
    assert adds_up(again=1, called=33, answered=32, served=(17, 16)).holds
    assert not adds_up(layers=5).holds
    assert not adds_up(()).holds


def test_one_call_that_is_missing_fails_wherever_it_is_missing() -> None:
    never_made = adds_up(called=31, answered=31, served=(16, 15))
    assert (never_made.holds, never_made.found[:26]) == (False, "31 calls ≠ 32 shards used ")
    assert not adds_up(served=(16, 15)).holds  # answered by nobody
    assert not adds_up(served=(32, 0)).holds
    in_a_turn = adds_up([turn(1, 11, used=12), *TURNS])
    assert (in_a_turn.holds, in_a_turn.found[-29:]) == (False, "; 1 micro-turns do not add up")
    assert not adds_up([turn(1, 5), *TURNS]).holds


def test_one_call_too_many_fails_too() -> None:
    assert not adds_up(called=33, answered=33, served=(17, 16)).holds
    assert not adds_up(served=(18, 15)).holds
    assert not adds_up([turn(1, 12, used=11), *TURNS]).holds


def test_what_was_counted_is_read_from_the_metrics_of_those_who_did_it() -> None:
    engine, shard = Metrics(), Metrics()
    engine.add(m.PASSES, 2)
    engine.add(m.SHARDS_USED, 24, attempt="first")
    engine.add(m.SHARDS_USED, 1, attempt="again")
    for outcome, count in {"answered": 24, "deadline": 1, "too_late": 1}.items():
        engine.add(m.EXPERT_CALLS, count, outcome=outcome)
    shard.observe(m.EXPERT_COMPUTE, 0.001)
    counted = Counted.between(Scrape.of(engine.text().decode()), [Scrape.of(shard.text().decode())])
    assert counted == Counted(passes=2, used=24, again=1, called=25, answered=24, served=(1,))
