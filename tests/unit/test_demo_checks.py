"""What the demo must have shown: each check fails on what it is there to catch."""

from __future__ import annotations

import os
from typing import Any

from actors.demo_checks import Expected, expert_calls_add_up, own_processes, reached_by_grpc, said_in_time, silent
from actors.handles import ActorInfo

EXPECTED = Expected(text="drink water", from_s=8.5, to_s=9.7)
ROLES = ("supervisor", "ingest", "scheduler", "engine", "expert", "expert")


def actor(role: str, pid: int) -> ActorInfo:
    return ActorInfo(role=role, name=f"{role}-0", pid=pid, node="n", address="", metrics_address="")


def actors() -> list[ActorInfo]:
    return [actor(role, os.getpid() + 1 + index) for index, role in enumerate(ROLES)]


def turn(passes: int, calls: int, *degradations: str) -> dict[str, Any]:
    return {
        "stages": {"passes": passes, "expert_calls": calls},
        "degradations": [{"what": what, "cause": ""} for what in degradations],
    }


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


def test_expert_calls_must_fit_layers_passes_and_shards_and_have_been_served() -> None:
    turns = [turn(1, 12), turn(2, 20), turn(0, 12), turn(1, 3, "expert_dropped")]
    good = expert_calls_add_up(turns, layers=6, shards=2, served=[20, 15])
    assert good.holds
    assert good.found == "32 calls = 6 layers × 3 passes × 1.78 shards"
    assert not expert_calls_add_up(turns, layers=6, shards=2, served=[31, 0]).holds
    assert not expert_calls_add_up(turns, layers=6, shards=2, served=[15, 15]).holds
    assert not expert_calls_add_up(turns, layers=5, shards=2, served=[90, 90]).holds
    assert not expert_calls_add_up([], layers=6, shards=2, served=[9, 9]).holds
    few = [turn(1, 5)]
    assert not expert_calls_add_up(few, layers=6, shards=2, served=[9, 9]).holds
