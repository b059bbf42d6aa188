"""What a session could do in a tick, for the planner to weigh. Looks, changes nothing."""

from __future__ import annotations

from cluster.session.context import anchor_turns, may_anchor, remaining
from cluster.session.state import Session
from cluster.types import Demand, MicroTurn, SlotWork

_RECENT = 8  # micro-turns whose rows stand for those of the others


def demand(state: Session, n: int) -> Demand:
    terms, context = state.terms, state.context
    limits = terms.limits
    ready = [item.turn for item in state.inbox.ready if item.turn.k <= n - terms.n0][: terms.rules.coalesce_max]
    # who stands still waits for his context, and who gave new instructions for theirs
    urgent = context.blocked or (context.build is not None and context.build.prefix != context.prefix)
    may_begin = may_anchor(context, limits)
    entering = max(1, len(ready))  # what a tick carries now, so that ticks are not taken for micro-turns
    recent = context.tail[-_RECENT:]
    recent_rows = sum(len(item.out) + rows_of(item.turn, limits.audio_in) for item in recent)
    return Demand(
        session=terms.session,
        tier=terms.tier,
        turns=len(ready),
        rows=sum(rows_of(turn, limits.audio_in) for turn in ready),
        prefill_turns=anchor_turns(context, limits) if may_begin else remaining(context),
        begun=not may_begin,
        rows_per_turn=-(-recent_rows // max(1, len(recent))),
        blocked=context.blocked,
        ticks_left=1 if urgent else max(1, (limits.window - len(context.tail)) // entering),
        ticks_most=1 if urgent else max(1, (limits.tail_most - len(context.tail)) // entering),
    )


def lacks_input(state: Session, n: int) -> bool:
    """Somebody is attached and has yet to give what is due in tick n."""
    due = n - state.terms.n0
    return state.stream.listening and not state.closing and not state.ended and state.inbox.wanted_k <= due


def listened_to(state: Session, n: int) -> bool:
    """What it gives may enter tick n."""
    begun = n >= state.terms.n0
    return begun and state.stream.listening and not (state.closing or state.ended or state.context.blocked)


def owes(state: Session, n: int) -> bool:
    """It has yet to give what is due in tick n, and nothing before: who missed the tick before does not count."""
    return lacks_input(state, n) and state.inbox.first_open == n - state.terms.n0


def rows_of(turn: MicroTurn, audio_in: int) -> int:
    """Rows a micro-turn takes in a batch, its closing silence included."""
    return (audio_in if turn.audio else 0) + turn.num_patches + len(turn.text) + 1


def work_rows(work: SlotWork, audio_in: int) -> int:
    """Rows of the first pass over this work."""
    live = sum(rows_of(turn, audio_in) for turn in work.turns)
    items = [item for prefill in work.prefills for item in prefill.items]
    prefix = sum(len(prefill.prefix) for prefill in work.prefills)
    return live + prefix + sum(rows_of(item.turn, audio_in) + len(item.out) for item in items)
