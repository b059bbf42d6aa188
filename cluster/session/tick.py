"""What a session does at a cutoff: its part of the batch, its record, and the end of it all."""

from __future__ import annotations

from dataclasses import replace

from cluster.session import context as contexts
from cluster.session import journal
from cluster.session.commands import Command, Result, Sealed, SessionEnded
from cluster.session.context import Progress
from cluster.session.controls import apply_controls
from cluster.session.events import ControlIn, Tick
from cluster.session.inbox import Arrived, Gap, Inbox, count_absent, take
from cluster.session.outcome import skipped
from cluster.session.record import RECORDS, Applied, Record
from cluster.session.since import told_since
from cluster.session.state import Flight, Session, Stream
from cluster.session.tell import accepted, remember, told
from cluster.types import Degradation, SlotWork

_MS = 1_000_000

Answered = tuple[Session, tuple[Command, ...]]


def on_tick(state: Session, event: Tick, now_ns: int) -> Answered:
    if state.flight is not None:
        raise ValueError(f"tick {event.n}: the step of tick {state.flight.n} has no answer yet")
    if state.ended:
        given_up = journal.over_limit(state.journal, state.terms.rules, now_ns)
        return _write(replace(state, journal=journal.Journal()) if given_up else state, event.n)
    if ending := _why_end(state, now_ns):
        state, ended = end(state, *ending, event.n)
        state, written = _write(state, event.n)
        return state, (*ended, *written)
    plan = contexts.plan_anchor(_with_instructions(state), state.terms.limits, event.prefill_turns)
    progress = contexts.advance_build(plan, event.prefill_turns)
    inbox, taken, gaps = _take(state, progress, event.n)
    missed, sealed = _seal(state, gaps, event.n)
    first_k = taken[0].turn.k if taken else inbox.next_k
    handled = apply_controls(state, progress.context, n=event.n, k=first_k)
    record = _record(state, event.n, progress, taken, gaps, (*state.fresh, *missed), handled.fresh)
    kept = _append(state.journal, record, progress, taken) if record else state.journal
    news = accepted(state, state.journal, kept)
    kept, asked = journal.write(kept, state.terms, event.n)
    after = replace(
        state,
        context=progress.context,
        inbox=inbox,
        stream=_one_tick_less(state.stream),
        flight=Flight(n=event.n, started_ns=now_ns, items=taken, anchored=progress.anchor is not None)
        if taken
        else None,
        results=remember(state, missed) if missed else state.results,
        cut_off=state.cut_off and not taken,
        fresh=() if record else state.fresh,
        cuts=() if record else state.cuts,
        slips=tuple(slip for slip in state.slips if slip.k >= inbox.next_k),
        controls=(),
        instructions=handled.waiting,
        known_controls=handled.known,
        journal=kept,
    )
    written = (asked,) if asked else ()
    return after, (*sealed, *handled.effective, *news, *written, *_work(state, event, progress, taken))


def end(state: Session, code: str, reason: str, n: int) -> Answered:
    """No more ticks. What has no result by now gets none: nothing was promised beyond it."""
    terms = state.terms
    ended = SessionEnded(
        session=terms.session,
        epoch=terms.epoch,
        attachment=state.stream.attachment,
        reason=reason,
        micro_turns=state.answered_k + 1,
        code=code,
    )
    data = RECORDS.encode(Record(n=max(n, 0), results=state.fresh))
    newest = state.journal.newest
    last = journal.append(
        state.journal, data, ks=(), through_seq=newest.through_seq, audio_samples=newest.audio_samples
    )
    told = (ended,) if state.stream.attached else ()
    return replace(state, ended=True, flight=None, fresh=(), journal=replace(last, last=True)), told


def _take(state: Session, progress: Progress, n: int) -> tuple[Inbox, tuple[Arrived, ...], list[Gap]]:
    terms, stream, inbox = state.terms, state.stream, state.inbox
    last_due = n - terms.n0
    if stream.listening and not stream.grace_ticks and not state.closing:
        inbox = count_absent(inbox, last_due)
    if progress.context.blocked:
        return inbox, (), []
    inbox, taken, gaps = take(inbox, terms, last_due, closing=bool(state.closing))
    if terms.rules.tells_since:
        turns = told_since((item.turn for item in taken), progress.context.tail, progress.context.pins)
        taken = tuple(replace(item, turn=turn) for item, turn in zip(taken, turns, strict=True))
    return inbox, taken, gaps


def _seal(state: Session, gaps: list[Gap], n: int) -> tuple[tuple[Result, ...], tuple[Command, ...]]:
    """What is sealed; all micro-turns of a gap but the last have their result now, for no step will bring one."""
    missed: tuple[Result, ...] = ()
    commands: tuple[Command, ...] = ()
    for gap in gaps:
        if state.stream.listening:
            sealed = Sealed(
                session=state.terms.session,
                epoch=state.terms.epoch,
                attachment=state.stream.attachment,
                from_k=gap.from_k,
                to_k=gap.to_k,
                reason=gap.reason,
            )
            commands = (*commands, sealed)
        inside = tuple(skipped(state, k, n, Degradation.INPUT_MISSING) for k in range(gap.from_k, gap.to_k))
        missed, commands = missed + inside, commands + told(state, inside)
    return missed, commands


def _one_tick_less(stream: Stream) -> Stream:
    return replace(stream, grace_ticks=stream.grace_ticks - 1) if stream.grace_ticks else stream


def _with_instructions(state: Session) -> contexts.Context:
    newest = [control.prefix for control in state.controls if control.kind == "update_instructions"]
    return replace(state.context, wanted_prefix=newest[-1]) if newest else state.context


def _record(
    state: Session,
    n: int,
    progress: Progress,
    taken: tuple[Arrived, ...],
    gaps: list[Gap],
    results: tuple[Result, ...],
    applied: tuple[ControlIn, ...],
) -> Record | None:
    """None if there is nothing to tell. The first one is always written: it makes takeover possible."""
    first = not state.journal.next_index
    if not (first or taken or results or progress.anchor or gaps or applied or state.cuts):
        return None
    stretches, last_k = tuple(item.stretch_ppm for item in taken), taken[-1].turn.k if taken else -1
    return Record(
        n=n,
        turns=tuple(item.turn for item in taken),
        stretch_ppm=stretches if any(stretches) else (),
        slips=tuple(slip for slip in state.slips if slip.k <= last_k),
        results=results,
        anchor=progress.anchor,
        gaps=tuple(gaps),
        cuts=state.cuts,
        controls=tuple(
            Applied(control_id=control.control_id, seq=control.seq, kind=control.kind, prefix=control.prefix)
            for control in applied
        ),
        through_seq=max((item.through_seq for item in taken), default=0),
        audio_samples=max((item.audio_samples for item in taken), default=0),
    )


def _append(kept: journal.Journal, record: Record, progress: Progress, taken: tuple[Arrived, ...]) -> journal.Journal:
    if progress.anchor:
        kept = journal.anchored(kept, progress.anchor.tail_from_k)
    return journal.append(
        kept,
        RECORDS.encode(record),
        ks=tuple(item.turn.k for item in taken),
        through_seq=record.through_seq,
        audio_samples=record.audio_samples,
    )


def _write(state: Session, n: int) -> Answered:
    written, asked = journal.write(state.journal, state.terms, n)
    return replace(state, journal=written), (asked,) if asked else ()


def _work(state: Session, event: Tick, progress: Progress, taken: tuple[Arrived, ...]) -> tuple[SlotWork, ...]:
    if not (taken or progress.prefills or progress.free):
        return ()
    terms = state.terms
    work = SlotWork(
        session=terms.session,
        epoch=terms.epoch,
        slot=progress.context.live,
        turns=tuple(item.turn for item in taken),
        max_passes=max(1, event.passes),
        # who was interrupted does not go on
        goes_on=terms.rules.goes_on and state.cut_off and bool(taken) and not state.cuts,
        prefills=progress.prefills,
        free=progress.free,
        temperature=terms.temperature,
        seed=terms.seed,
    )
    return (work,)


def _why_end(state: Session, now_ns: int) -> tuple[str, str] | None:
    """Code and reason if the session is over."""
    rules, stream, inbox = state.terms.rules, state.stream, state.inbox
    if state.closing and not inbox.ready and not inbox.gap and not state.context.blocked:
        return "closed", state.closing
    if now_ns - state.started_ns > rules.duration_max_ms * _MS:
        return "max_duration", f"sessions last at most {rules.duration_max_ms // 1000} s"
    if not stream.attached and now_ns - stream.detached_ns > rules.detached_max_ms * _MS:
        return "detached", f"nobody came back within {rules.detached_max_ms // 1000} s"
    if now_ns - state.heard_ns > rules.idle_max_ms * _MS:
        return "idle", f"no input for {rules.idle_max_ms // 1000} s"
    if journal.over_limit(state.journal, rules, now_ns):
        return "resync_required", "the session store is away for longer than input may be held in memory"
    return None
