"""What must hold for the demo to have shown something: each check is a sentence and whether it is true. Pure."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from actors.handles import ActorInfo
from cluster.telemetry import metrics as m
from cluster.telemetry.scrape import Scrape


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What the processes counted over both sessions, each for itself."""

    passes: int  # the engine
    used: int  # shards that had rows, over layers and passes: the engine, where it splits them
    again: int  # given rows in another's place
    called: int  # calls, whatever became of them: who carries them
    answered: int
    served: tuple[int, ...]  # calls computed: each shard

    @classmethod
    def between(cls, engine: Scrape, shards: Sequence[Scrape]) -> Counted:
        """From how much the metrics of the engine and of each shard rose."""
        outcomes = {outcome: int(count) for outcome, count in engine.by(m.EXPERT_CALLS, "outcome").items()}
        return cls(
            passes=int(engine.get(m.PASSES)),
            used=int(engine.get(m.SHARDS_USED, attempt="first")),
            again=int(engine.get(m.SHARDS_USED, attempt="again")),
            called=sum(count for outcome, count in outcomes.items() if outcome != "too_late"),  # counted before
            answered=outcomes.get("answered", 0),
            served=tuple(int(shard.get(f"{m.EXPERT_COMPUTE.name}_count")) for shard in shards),
        )


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


def expert_calls_add_up(turns: Sequence[dict[str, Any]], counted: Counted, *, layers: int, shards: int) -> Check:
    """Whoever has rows is called, once: seen in each micro-turn, and in all that was counted on both sides.

    turns: the log's record of each micro-turn, alone in its tick. Where the cluster itself says that experts were
    dropped, there were layers in which nobody could be given rows.
    """
    whole = [turn for turn in turns if all(item["what"] != "expert_dropped" for item in turn["degradations"])]
    ran = [turn["stages"] for turn in whole if turn["stages"]["passes"]]
    wrong = [turn for turn in ran if not _adds_up(turn, layers * turn["passes"], shards)]
    given = counted.used + counted.again
    again = f" + {counted.again} made again" if counted.again else ""
    return Check(
        what="expert calls are layers × passes × shards used",
        holds=bool(ran)
        and not wrong
        and counted.called == given
        and counted.answered <= sum(counted.served) <= counted.called
        and all(counted.served),
        found=f"{counted.called} calls {'=' if counted.called == given else '≠'} {counted.used} shards used in "
        f"{layers} layers × {counted.passes} passes{again}; {sum(counted.served)} computed"
        + (f"; {len(wrong)} micro-turns do not add up" if wrong else ""),
    )


def _adds_up(turn: dict[str, Any], layers: int, shards: int) -> bool:
    """layers: over all passes."""
    return turn["expert_calls"] == turn["shards_used"] and layers <= turn["shards_used"] <= layers * shards
