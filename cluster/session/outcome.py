"""From what the engine emitted to what the client gets: exactly one result per micro-turn."""

from __future__ import annotations

from dataclasses import replace

from cluster.session.commands import Result
from cluster.session.context import Context, keep, release
from cluster.session.events import Stepped
from cluster.session.state import Flight, Session
from cluster.session.terms import Terms
from cluster.types import ContextTurn, Degradation, ModelEvent, Timing, TurnOutput


def results_of(state: Session, flight: Flight, event: Stepped, now_ns: int) -> tuple[Context, tuple[Result, ...]]:
    """Results of a step that went well, and the context with its micro-turns."""
    terms, context, found = state.terms, state.context, []
    for item, output in zip(flight.items, event.outputs, strict=True):
        last = item is flight.items[-1]
        context, events = enter(context, terms, ContextTurn(turn=item.turn, out=output.tokens))
        on_time = Timing.ON_TIME if now_ns <= terms.due_ns(output.k) else Timing.LATE
        found.append(
            Result(
                session=terms.session,
                epoch=terms.epoch,
                attachment=state.stream.attachment,
                k=output.k,
                tick=flight.n,
                timing=on_time if last else Timing.COALESCED,
                degradations=_degradations(state, item.turn.gap, item.again, output, event),
                tokens=output.tokens,
                events=("anchored", *events) if flight.anchored and item is flight.items[0] else events,
                due_ns=terms.due_ns(output.k),
                cutoff_ns=terms.cutoff_ns(output.k),
                queue_ns=max(0, flight.started_ns - max(item.ready_ns, terms.cutoff_ns(output.k))),
                engine_ns=event.engine_ns,
                expert_ns=event.expert_ns,
                passes=output.passes,
                expert_calls=event.expert_calls,
                shards_used=event.shards_used,
                context_tokens=event.context_tokens,
            )
        )
    return context, tuple(found)


def skipped(state: Session, k: int, n: int, *degradations: Degradation) -> Result:
    """The result of a micro-turn that never had a step of its own."""
    terms = state.terms
    return Result(
        session=terms.session,
        epoch=terms.epoch,
        attachment=state.stream.attachment,
        k=k,
        tick=max(n, 0),
        timing=Timing.SKIPPED,
        degradations=degradations,
        due_ns=terms.due_ns(k),
        cutoff_ns=terms.cutoff_ns(k),
    )


def enter(context: Context, terms: Terms, item: ContextTurn) -> tuple[Context, tuple[str, ...]]:
    """Append a micro-turn to the tail and obey its control tokens. Returns their events."""
    tokens, events = terms.limits.tokens, []
    context = replace(context, tail=(*context.tail, item))
    for token in item.out:
        if token == tokens.keep:
            kept = keep(context, terms.limits, terms.rules)
            events.append(ModelEvent.KEEP.value if kept else "keep_refused")
            context = kept or context
        elif token == tokens.release:
            context = release(context)
            events.append(ModelEvent.RELEASE.value)
        elif token == tokens.delegate:
            events.append(ModelEvent.DELEGATE.value)
        elif token == tokens.stop:
            events.append(ModelEvent.STOP.value)
    return context, tuple(events)


def _degradations(
    state: Session, gap: bool, again: bool, output: TurnOutput, event: Stepped
) -> tuple[Degradation, ...]:
    own = (
        (Degradation.INPUT_MISSING, gap),
        (Degradation.RECONSTRUCTED, again),
        (Degradation.OUTPUT_TRUNCATED, output.truncated),
        (Degradation.VOLATILE, state.journal.volatile),
    )
    return tuple(dict.fromkeys((*event.degradations, *(what for what, holds in own if holds))))
