"""Recordings of which nothing is known but who speaks when: pauses, turns, interruptions, talk of others. Pure.

Families (`evals.readers.full_duplex_bench`). "fdb pause", "fdb listen": keep out of it. "fdb turn": take the turn after
its end, not before. "fdb interruption": be silent within a second of the overlap, and answer after it. "fdb go on": the
overlap is not meant for the model, which neither stops nor begins. What is said is not judged, only when, so that an
oracle of these items has no words to say: it knows when to speak (`speaks`).
"""

from __future__ import annotations

from collections.abc import Sequence

from evals.dialogue import onset
from evals.dialogue.episodes import Episode, episodes, falls_silent
from evals.items import Item, Outcome, Said

PREFIX = "fdb "
ANSWER_S, YIELD_S, WATCH_S, TAKEOVER_S = 3.0, 1.0, 5.0, 1.0
JOIN_S = 0.5  # shorter gaps belong to the speech around them
_SPEAKS_S, _CUT_S = 1.0, 0.05  # how long a perfect partner speaks, and how soon it stops


def judge(item: Item, said: Sequence[Said]) -> Outcome:
    """alarms: episodes that begin while the floor is not the model's."""
    family = item.tags["family"].removeprefix(PREFIX)
    score, alarms, measures = {
        "pause": _keeps_out,
        "listen": _keeps_out,
        "turn": _turn,
        "interruption": _interrupted,
        "go on": _goes_on,
    }[family](item, said)
    return Outcome(id=item.id, score=score, alarms=alarms, seconds=item.duration_s, tags=item.tags, measures=measures)


def speaks(item: Item) -> list[Episode]:
    """When a perfect partner speaks. It has the floor before each overlap, to be seen yielding it or going on."""
    match item.tags["family"].removeprefix(PREFIX):
        case "turn":
            end = _at(item, "request end")
            return [Episode(end, end + _SPEAKS_S)]
        case "interruption":
            cut, over = _at(item, "overlap"), _at(item, "overlap end")
            return [Episode(cut - _SPEAKS_S, cut + _CUT_S), Episode(over, over + _SPEAKS_S)]
        case "go on":
            return [Episode(_at(item, "overlap") - _SPEAKS_S, _at(item, "overlap end") + _SPEAKS_S)]
        case _:
            return []


Judged = tuple[float, int, dict[str, float]]


def _keeps_out(item: Item, said: Sequence[Said]) -> Judged:
    """Up to a second is a backchannel, more takes the floor: each episode by itself, not the last one for all."""
    spoken = episodes(said, JOIN_S)
    taken = sum(each.seconds > TAKEOVER_S for each in spoken)
    rate = 60 * (len(spoken) - taken) / item.duration_s
    return float(not taken), taken, {"takeovers": float(taken), "backchannels_per_min": rate}


def _turn(item: Item, said: Sequence[Said]) -> Judged:
    """The onset is signed: whoever talks over the user is early, not fast."""
    end = _at(item, "request end")
    spoken = episodes(said, JOIN_S)
    early = sum(each.from_s < end for each in spoken)
    measures = {"false_starts": float(early)}
    after = [each.from_s for each in spoken if each.from_s >= end]
    if spoken:
        measures |= onset.of(said, spoken[0].from_s, end)
    taken = bool(after) and after[0] <= end + ANSWER_S
    measures["took_turn"] = float(taken)
    return float(taken and not early), early, measures


def _interrupted(item: Item, said: Sequence[Said]) -> Judged:
    """A model that was not speaking has nothing to stop, and no latency; one that never stops is censored.

    How long it talks on is not cut off where the user ends: it is the time to its own silence.
    """
    cut, over = _at(item, "overlap"), _at(item, "overlap end")
    measures: dict[str, float] = {"held_the_floor": float(_speaks(said, cut))}
    stopped = True
    if _speaks(said, cut):
        silent = falls_silent(said, cut, JOIN_S)
        stopped = silent - cut <= YIELD_S
        measures |= {
            "stop_ms": round(1000 * min(silent - cut, WATCH_S), 1),
            "never_stops": float(silent - cut > WATCH_S),
        }
    begun = sum(cut < each.from_s < over for each in episodes(said, JOIN_S))
    answered = any(over <= each.from_s <= over + ANSWER_S for each in episodes(said, JOIN_S))
    measures["took_turn"] = float(answered)
    return float(stopped and answered and not begun), begun, measures


def _goes_on(item: Item, said: Sequence[Said]) -> Judged:
    cut, over = _at(item, "overlap"), _at(item, "overlap end")
    begun = sum(cut < each.from_s < over + YIELD_S for each in episodes(said, join_s=YIELD_S))
    held = _speaks(said, cut)
    kept = held and falls_silent(said, cut) > min(over, cut + YIELD_S)
    measures = {"held_the_floor": float(held), "spoke_into_it": float(bool(begun))}
    if held:
        measures["went_on"] = float(kept)
    return float(kept if held else not begun), begun, measures


def _speaks(said: Sequence[Said], at_s: float) -> bool:
    return any(each.from_s <= at_s < each.to_s for each in episodes(said, JOIN_S))


def _at(item: Item, kind: str) -> float:
    return next(event.t_s for event in item.events if event.kind == kind)
