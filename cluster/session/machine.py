"""The session machine: (state, event, now) -> (state, commands). No I/O, no clock, no chance.

One function per kind of event. An event of an older attachment changes nothing, whatever it is.
"""

from __future__ import annotations

from dataclasses import replace

from cluster.session import attach, journal, tick
from cluster.session.commands import Command, OpenGranted, SessionEnded
from cluster.session.context import lose_kv, open_context
from cluster.session.controls import take_control
from cluster.session.events import (
    Answer,
    Close,
    ControlIn,
    Detach,
    JournalOutcome,
    Open,
    Played,
    Reattach,
    SessionEvent,
    Slipped,
    StepLost,
    Stepped,
    Tick,
    TurnReady,
    Unheard,
)
from cluster.session.inbox import Arrived, arrive
from cluster.session.journal import Journal
from cluster.session.outcome import enter, results_of, skipped
from cluster.session.record import TERMS, Cut, Slip
from cluster.session.state import Session
from cluster.session.tell import accepted, remember, told
from cluster.session.terms import Terms
from cluster.types import ContextTurn

Answered = tuple[Session, tuple[Command, ...]]


def open_session(terms: Terms, event: Open, slots: tuple[int, int], now_ns: int) -> Answered:
    """A new session with its (live, shadow) slots, granted at once."""
    state = Session(
        terms=terms,
        context=open_context(*slots, terms.prefix),
        journal=Journal(meta=TERMS.encode(terms)),
        started_ns=now_ns,
        heard_ns=now_ns,
    )
    granted = OpenGranted(
        session=terms.session,
        epoch=terms.epoch,
        attachment=state.stream.attachment,
        request_id=event.request_id,
        token=event.token,
        media_epoch_ns=terms.media_epoch_ns,
        next_k=0,
        accepted_through=0,
        audio_samples=0,
        due_ms=terms.due_ms,
        jitter_ms=terms.jitter_ms,
        resumed=False,
        configure=terms.configure,
        lockstep=terms.lockstep,
        seat=event.seat,
    )
    return state, (granted,)


def advance(state: Session, event: SessionEvent, now_ns: int) -> Answered:
    match event:
        case Tick():
            return tick.on_tick(state, event, now_ns)
        case JournalOutcome():
            return _on_journaled(state, event, now_ns)
        case _ if state.ended:
            return state, ()
        case Stepped():
            return _on_stepped(state, event, now_ns)
        case StepLost():
            return _on_step_lost(state, event)
        case Reattach():
            return attach.reattach(state, event, now_ns)
        case _ if event.attachment != state.stream.attachment or not state.stream.attached:
            return state, ()
        case Detach():
            return attach.detach(state, event, now_ns)
        case Unheard():
            return attach.unheard(state), ()
        case TurnReady():
            return _on_turn(state, event, now_ns)
        case Slipped():
            return replace(state, slips=(*state.slips, Slip(k=event.k, inserted=event.inserted))), ()
        case ControlIn():
            return take_control(state, event), ()
        case Played():
            return replace(
                state, cuts=(*state.cuts, Cut(k=event.k, sample=event.sample)) if event.cut else state.cuts
            ), ()
        case Close():
            return replace(state, closing=event.reason or "closed"), ()
        case Open():
            raise ValueError(f"session {state.terms.session}: is open already")


def _on_turn(state: Session, event: TurnReady, now_ns: int) -> Answered:
    if state.closing:
        return state, ()
    k, rules = event.turn.k, state.terms.rules
    if k > state.inbox.next_k + rules.waiting_max:
        return tick.end(state, "internal", f"ingest gave micro-turn {k} when {state.inbox.next_k} is next", -1)
    arrived = Arrived(
        turn=event.turn,
        through_seq=event.through_seq,
        audio_samples=event.audio_samples,
        ready_ns=event.ready_ns,
        stretch_ppm=event.stretch_ppm,
    )
    return replace(state, inbox=arrive(state.inbox, arrived), heard_ns=now_ns), ()


def _on_stepped(state: Session, event: Stepped, now_ns: int) -> Answered:
    flight = state.flight
    if flight is None:
        return replace(state, failures=0), ()
    if [item.turn.k for item in flight.items] != [output.k for output in event.outputs]:
        return _on_step_lost(
            state, StepLost(n=event.n, reason="the engine answered other micro-turns than it was given")
        )
    context, results = results_of(state, flight, event, now_ns)
    after = replace(
        state,
        context=context,
        flight=None,
        failures=0,
        cut_off=event.outputs[-1].truncated,
        results=remember(state, results),
        fresh=state.fresh + results,
    )
    return after, told(after, results)


def _on_step_lost(state: Session, event: StepLost) -> Answered:
    """Results now, without output; the input stays in the context, which is built anew before anything else runs."""
    context, items = state.context, state.flight.items if state.flight else ()
    lost = tuple(skipped(state, item.turn.k, event.n) for item in items)
    for item in items:
        context, _ = enter(context, state.terms, ContextTurn(turn=item.turn))
    failures = state.failures + (event.n >= 0)
    state = replace(
        state,
        context=lose_kv(context),
        flight=None,
        failures=failures,
        cut_off=False,
        results=remember(state, lost),
        fresh=state.fresh + lost,
    )
    if failures < state.terms.rules.failures_max:
        return state, told(state, lost)
    ended, goodbye = tick.end(state, "internal", f"{failures} steps failed in a row, at last: {event.reason}", event.n)
    return ended, (*told(state, lost), *goodbye)


def _on_journaled(state: Session, event: JournalOutcome, now_ns: int) -> Answered:
    terms, before = state.terms, state.journal
    if event.answer is Answer.FENCED:
        ended = SessionEnded(
            session=terms.session,
            epoch=terms.epoch,
            attachment=state.stream.attachment,
            reason="another owner has taken the session",
            micro_turns=state.answered_k + 1,
            code="fenced",
        )
        return replace(state, ended=True, flight=None, journal=Journal()), () if state.ended else (ended,)
    after = journal.answered(before, event, now_ns)
    news = accepted(state, before, after)
    state, granted = attach.grant_if_settled(replace(state, journal=after))
    return state, (*news, *granted)
