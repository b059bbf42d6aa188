"""How many micro-turns of anchors a tick carries: late, for an anchor that follows the live context costs more with
every tick; evenly, so that a tick costs the same whether one is in the making or many; and never so many that live
micro-turns wait for them. Where that cannot be, anchors wait until a context would outgrow its slot, and keep less.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cluster.types import Demand

_SPARE_TICKS = 4  # before its window is full an anchor should be done
_EVEN = 8  # micro-turns a tick carries while anchors are made: fewer would begin them much earlier
_TIERS = {"priority": 0, "standard": 1, "best_effort": 2}


def pace(demands: Sequence[Demand], chunk: int, fits: Callable[[int], bool]) -> dict[str, int]:
    """Micro-turns of prefill by session, for those that do not stand still; the most urgent first.

    chunk: of one session in a tick. fits: whether a tick with so many of all is over before the next one begins.
    """
    anchors = sorted((d for d in demands if d.prefill_turns and not d.blocked), key=_deadline)
    left = max(_EVEN, _rate(anchors, chunk, _soon))
    if left > chunk and not fits(left):
        anchors = [demand for demand in anchors if demand.begun or demand.ticks_left == 1]
        left = max(chunk, _rate(anchors, chunk, _at_most))
    elif not _cannot_wait(anchors, chunk, left):
        return {}
    paced = {}
    for demand in anchors:
        paced[demand.session] = min(left, demand.prefill_turns, chunk)
        left -= paced[demand.session]
    return paced


def _rate(anchors: Sequence[Demand], chunk: int, ticks: Callable[[Demand], int]) -> int:
    """The fewest a tick, the same tick after tick, that finish every anchor in time, one after the other."""
    total = rate = 0
    for demand in anchors:
        total += min(_work(demand, chunk), chunk * ticks(demand))
        rate = max(rate, -(-total // ticks(demand)))
    return rate


def _cannot_wait(anchors: Sequence[Demand], chunk: int, rate: int) -> bool:
    """At this rate some anchor would not be done in time if this tick did nothing."""
    total = 0
    for demand in anchors:
        total += min(_work(demand, chunk), chunk * _soon(demand))
        if total > rate * (_soon(demand) - 1):
            return True
    return False


def _work(demand: Demand, chunk: int) -> int:
    """Every tick that it takes adds the live micro-turns of that tick."""
    entering = max(1, demand.turns)
    return demand.prefill_turns + entering * -(-demand.prefill_turns // max(1, chunk - entering))


def _soon(demand: Demand) -> int:
    return max(1, demand.ticks_left - _SPARE_TICKS)


def _at_most(demand: Demand) -> int:
    return demand.ticks_most


def _deadline(demand: Demand) -> tuple[int, int, int, str]:
    return demand.ticks_left, demand.ticks_most, _TIERS[demand.tier], demand.session
