"""How many (scheduler, engine) pairs there should be: signals of sessions in, a wish out. Processor use is no signal.

More at once where sessions would soon be late or refused; fewer only after a long time in which one pair less would
have been enough. Between the two lies a wide band in which nothing changes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

S = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PairLoad:
    """One pair, since the reading before. Shares are 0 to 1."""

    sessions: int
    places: int  # sessions it may hold
    headroom: float  # of a tick's budget left by its predicted p99; 1: no tick had work yet
    kv_full_s: float  # until its KV is full at the present rise; inf: it does not rise
    queue_age_s: float  # p99 of how late its ticks begin, which is how long ready input waits
    late: float  # of all micro-turns due
    refused: int = 0  # sessions, for want of room


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingRules:
    """fewest = most: nothing is ever scaled."""

    fewest: int
    most: int
    full: float = 0.8  # places taken, above which a pair more is wanted
    spare: float = 0.6  # places taken, below which, without one pair, that pair is not needed
    headroom: float = 0.1
    kv_full_s: float = 120.0
    queue_age_s: float = 0.05
    late: float = 0.01
    more_after_s: float = 10.0
    fewer_after_s: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """What was wished last, and since when there was reason for more or for fewer; 0: there is none now."""

    wanted: int
    why: str = "begin"
    more_since_ns: int = 0
    fewer_since_ns: int = 0


def pressure(rules: ScalingRules, pairs: Sequence[PairLoad]) -> str:
    """The signal that asks for a pair more, or nothing. One bad pair is enough for what a session feels; places count
    together, for a new session goes where there is room.
    """
    if any(pair.refused for pair in pairs):
        return "refused"
    if taken(pairs) > rules.full:
        return "places"
    if any(pair.late > rules.late for pair in pairs):
        return "lateness"
    if any(pair.kv_full_s < rules.kv_full_s for pair in pairs):
        return "kv_full"
    if any(pair.queue_age_s > rules.queue_age_s for pair in pairs):
        return "queue_age"
    if any(pair.headroom < rules.headroom for pair in pairs):
        return "headroom"
    return ""


def taken(pairs: Sequence[PairLoad], without: int = 0) -> float:
    """Share of the places that are taken, or would be with that many pairs fewer."""
    places = sum(pair.places for pair in pairs) * (len(pairs) - without) / max(1, len(pairs))
    sessions = sum(pair.sessions for pair in pairs)
    return sessions / places if places else float(sessions > 0)


def decide(rules: ScalingRules, pairs: Sequence[PairLoad], state: Scaling, now_ns: int) -> Scaling:
    """pairs: those that serve and stay. While one that was wished for has not come, no further one is wished for; a
    wish that is not needed any more before it came is taken back at once, for nobody has to leave for it.
    """
    serving = len(pairs)
    if not serving:
        return state
    why = pressure(rules, pairs)
    more_since = (state.more_since_ns or now_ns) if why else 0
    could_go = not why and serving > rules.fewest and taken(pairs, without=1) < rules.spare
    fewer_since = (state.fewer_since_ns or now_ns) if could_go else 0
    state = replace(state, more_since_ns=more_since, fewer_since_ns=fewer_since)
    if state.wanted > serving and not why:
        return replace(state, wanted=max(serving, rules.fewest), why="not_needed")
    if state.wanted == serving and why and now_ns - more_since >= rules.more_after_s * S:
        return replace(state, wanted=min(rules.most, _enough(rules, pairs)), why=why, more_since_ns=0)
    if state.wanted == serving and could_go and now_ns - fewer_since >= rules.fewer_after_s * S:
        return replace(state, wanted=serving - 1, why="spare", fewer_since_ns=0)
    return state


def _enough(rules: ScalingRules, pairs: Sequence[PairLoad]) -> int:
    """At least one more; as many as bring the places taken below `full`."""
    sessions, places = sum(pair.sessions for pair in pairs), sum(pair.places for pair in pairs)
    return max(len(pairs) + 1, math.ceil(sessions * len(pairs) / (places * rules.full)) if places else 0)
