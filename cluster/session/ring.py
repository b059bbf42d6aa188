"""What a former owner said and its journal did not learn: the ingest that sent it tells, so it is not made again."""

from __future__ import annotations

from dataclasses import replace

from cluster.session.commands import Result
from cluster.session.outcome import enter
from cluster.session.state import Session
from cluster.session.tell import remember
from cluster.types import ContextTurn


def said(state: Session, ring: tuple[Result, ...]) -> Session:
    """Micro-turns that would run again have the results the client has, in the context that is still to be built.

    A step could give others: two micro-turns that catch up in one tick have no pass for the words of the first.
    """
    sent, terms = {result.k: result for result in ring}, state.terms
    context, ready, found = state.context, state.inbox.ready, tuple[Result, ...]()
    while context.blocked and ready and ready[0].again and (result := sent.get(ready[0].turn.k)):
        context, _ = enter(context, terms, ContextTurn(turn=ready[0].turn, out=result.tokens))
        found += (replace(result, due_ns=terms.due_ns(result.k), cutoff_ns=terms.cutoff_ns(result.k)),)
        ready = ready[1:]
    if not found:
        return state
    frames = context.tail[-1].turn.audio[-terms.limits.context_bytes :]
    return replace(
        state,
        context=context,
        inbox=replace(state.inbox, next_k=found[-1].k + 1, ready=ready, context=frames),
        results=remember(state, found),
        fresh=state.fresh + found,
    )
