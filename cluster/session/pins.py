"""Standing requests: the micro-turns a model asked to keep in its context beyond the window."""

from __future__ import annotations

from typing import TypeAlias

from cluster.session.limits import CheckpointLimits
from cluster.types import ContextTurn, MicroTurn

Pin: TypeAlias = tuple[ContextTurn, ...]  # neighbouring micro-turns, the last one said <keep>

_SILENT_TURNS = 2  # 400 ms


def is_silent(turn: MicroTurn, limits: CheckpointLimits) -> bool:
    """No text, and own frames of a low mean code. Recorded speech had 1.1 to 1.6 at the median, its pauses 0."""
    own = turn.audio[limits.context_bytes :]
    return not turn.text and 100 * sum(own) < limits.silence_percent * max(len(own), 1)


def cut_pin(tail: tuple[ContextTurn, ...], limits: CheckpointLimits, most: int) -> Pin:
    """The end of `tail` from the 400 ms of silence before the newest words on, at most `most` micro-turns.

    The pause in which a model understands that a request is over belongs to the request, so it is not taken for the
    silence before it.
    """
    near = tail[-most:]
    silent = [is_silent(item.turn, limits) for item in near]
    i = len(near) - 1
    while i > 0 and silent[i]:
        i -= 1
    while i > 0 and not all(silent[max(0, i - _SILENT_TURNS) : i]):
        i -= 1
    return near[max(0, i - _SILENT_TURNS) :]


def held_turns(pins: tuple[Pin, ...]) -> tuple[ContextTurn, ...]:
    """Every pinned micro-turn once, ascending k."""
    return tuple(item for _, item in sorted({item.turn.k: item for pin in pins for item in pin}.items()))
