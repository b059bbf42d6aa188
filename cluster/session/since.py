"""How long ago: what each micro-turn is told of the session's own past, beside the time of day of its own.

A context holds half a minute, and a model that is asked for something every minute has to know how far it is. Both
figures are of the session and not of the context, so an anchor changes neither; they are found from the newest
micro-turn and the pins alone, so that whoever has these goes on with the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cluster.session.pins import Pin
from cluster.types import ContextTurn, MicroTurn


def told_since(turns: Iterable[MicroTurn], tail: tuple[ContextTurn, ...], pins: tuple[Pin, ...]) -> list[MicroTurn]:
    """The micro-turns of one tick, which follow `tail` while `pins` stand, as the engine is given them."""
    spoke_k = _spoke_k(tail[-1]) if tail else -1
    kept_k = pins[-1][-1].turn.k if pins else None
    return [
        replace(turn, since_output=turn.k - spoke_k, since_kept=0 if kept_k is None else turn.k - kept_k)
        for turn in turns
    ]


def _spoke_k(newest: ContextTurn) -> int:
    """The last micro-turn with output up to this one."""
    return newest.turn.k if newest.out else newest.turn.k - newest.turn.since_output
