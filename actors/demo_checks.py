"""What must hold for the demo to have shown something: each check is a sentence and whether it is true. Pure."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from actors.handles import ActorInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A phrase and when it must begin to sound, in seconds of media time. Never leaves this process."""

    text: str
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    what: str
    holds: bool
    found: str


def said_in_time(said: Sequence[dict[str, Any]], expected: Expected) -> Check:
    hits = [
        phrase["t_s"]
        for phrase in said
        if expected.text in phrase["text"] and expected.from_s <= phrase["t_s"] <= expected.to_s
    ]
    heard = ", ".join(f"“{phrase['text']}” at {phrase['t_s']:.2f} s" for phrase in said) or "nothing was said"
    return Check(
        what=f"“{expected.text}” is said between {expected.from_s:.1f} and {expected.to_s:.1f} s",
        holds=bool(hits),
        found=f"at {hits[0]:.2f} s" if hits else heard,
    )


def silent(said: Sequence[dict[str, Any]]) -> Check:
    found = ", ".join(f"“{phrase['text']}”" for phrase in said) or "silence"
    return Check(what="the control recording, which asks for nothing, draws silence", holds=not said, found=found)


def own_processes(actors: Sequence[ActorInfo]) -> Check:
    """The roles a cluster consists of, each actor in a process of its own and none in this one."""
    processes = {actor.pid for actor in actors} - {os.getpid()}
    missing = {"supervisor", "ingest", "scheduler", "engine", "expert"} - {actor.role for actor in actors}
    found = f"{len(actors)} actors, {len(processes)} processes"
    return Check(
        what="every actor is a process of its own",
        holds=not missing and len(processes) == len(actors),
        found=f"{found}, no {', '.join(sorted(missing))}" if missing else found,
    )


def reached_by_grpc(dispatcher: str) -> Check:
    return Check(what="experts are reached through the Grpc exchange", holds=dispatcher == "Grpc", found=dispatcher)


def expert_calls_add_up(turns: Sequence[dict[str, Any]], *, layers: int, shards: int, served: Sequence[int]) -> Check:
    """Every pass calls at least one shard a layer and at most all; what shards served is at least what was called.

    turns: the log's record of each micro-turn, alone in its tick. served: calls each shard says it computed. Where the
    cluster itself says that experts were dropped, calls were given up and nothing can add up.
    """
    whole = [turn for turn in turns if all(item["what"] != "expert_dropped" for item in turn["degradations"])]
    ran = [turn["stages"] for turn in whole if turn["stages"]["passes"]]
    wrong = [
        turn for turn in ran if not layers * turn["passes"] <= turn["expert_calls"] <= layers * turn["passes"] * shards
    ]
    called, passes = sum(turn["expert_calls"] for turn in ran), sum(turn["passes"] for turn in ran)
    return Check(
        what="expert calls are layers × passes × shards used",
        holds=bool(ran) and not wrong and sum(served) >= called and all(served),
        found=f"{called} calls = {layers} layers × {passes} passes × {called / max(1, layers * passes):.2f} shards"
        + (f"; {len(wrong)} micro-turns do not add up" if wrong else ""),
    )
