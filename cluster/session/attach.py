"""How clients come and go: detach, take over, resume (DESIGN.md sections 5 and 8)."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from cluster.session.commands import Command, OpenGranted, OpenRejected, Result, Superseded
from cluster.session.events import Detach, Reattach
from cluster.session.inbox import Gap, forget_waiting
from cluster.session.ring import said
from cluster.session.state import Session, Stream
from cluster.types import MICRO_TURN_MS

_MS = 1_000_000
_VOICE_LAG = 10  # micro-turns a voice may go on after the words it was given


def detach(state: Session, event: Detach, now_ns: int) -> tuple[Session, tuple[Command, ...]]:
    return replace(state, stream=replace(state.stream, attached=False, resume=None, detached_ns=now_ns)), ()


def unheard(state: Session) -> Session:
    return replace(state, stream=replace(state.stream, grace_ticks=max(1, state.stream.grace_ticks)))


def reattach(state: Session, event: Reattach, now_ns: int) -> tuple[Session, tuple[Command, ...]]:
    """The newest attachment wins. Its grant waits until the journal knows what the client then need not send again."""
    terms, old, state = state.terms, state.stream, said(state, event.ring)
    oldest = state.results[0].k if state.results else 0
    # a former owner may have sent what its journal did not learn any more
    newest = state.answered_k if terms.epoch == 1 else max(state.answered_k, terms.cut_off_by(now_ns))
    if not oldest - 1 <= event.received_k <= newest:
        return state, (_refusal(state, event, oldest, newest),)
    lost: tuple[Command, ...] = ()
    if old.attached:
        lost = (Superseded(session=terms.session, epoch=terms.epoch, attachment=old.attachment),)
    stream = Stream(
        attachment=old.attachment + 1,
        received_k=event.received_k,
        grace_ticks=terms.rules.resume_grace_ticks,
        resume=event,
        resume_at=state.journal.next_index,
    )
    inbox = forget_waiting(state.inbox)
    hold = terms.rules.detached_hold_ms
    if not old.attached and now_ns - old.detached_ns > hold * _MS:
        to_k = terms.cut_off_by(now_ns) - hold // MICRO_TURN_MS
        from_k = inbox.gap.from_k if inbox.gap else inbox.next_k + len(inbox.ready)
        if to_k >= max(from_k, inbox.first_open):
            inbox = replace(inbox, gap=Gap(from_k=from_k, to_k=to_k, reason="detached"))
    # its goodbye came after them, so it is not accepted either and is said again
    comes_again = terms.rules.closes_anew and any(not item.again for item in state.inbox.ready)
    closing = "" if comes_again else state.closing
    state = replace(state, stream=stream, inbox=inbox, controls=(), slips=(), closing=closing, heard_ns=now_ns)
    state, granted = grant_if_settled(state)
    return state, (*lost, *granted)


def grant_if_settled(state: Session) -> tuple[Session, tuple[Command, ...]]:
    """Grant a waiting resume once nothing it promises could still be lost, or only memory can be had."""
    stream, journal, terms = state.stream, state.journal, state.terms
    event = stream.resume
    if event is None or not (journal.volatile or journal.durable >= stream.resume_at):
        return state, ()
    heard = [result for result in state.results if result.k <= event.received_k]
    speaking = _speaking(heard)
    granted = OpenGranted(
        session=terms.session,
        epoch=terms.epoch,
        attachment=stream.attachment,
        request_id=event.request_id,
        token=event.token,
        media_epoch_ns=terms.media_epoch_ns,
        next_k=state.inbox.wanted_k,
        accepted_through=journal.promised.through_seq,
        audio_samples=journal.promised.audio_samples,
        due_ms=terms.due_ms,
        jitter_ms=terms.jitter_ms,
        resumed=True,
        configure=terms.configure,
        replay=tuple(
            replace(result, attachment=stream.attachment) for result in state.results if result.k > event.received_k
        ),
        voiced_turns=speaking[0].k if speaking else event.received_k + 1,
        speaking=tuple(token for result in speaking for token in result.tokens),
        lockstep=terms.lockstep,
        seat=event.seat,
    )
    return replace(state, stream=replace(stream, resume=None)), (granted,)


def _speaking(heard: list[Result]) -> list[Result]:
    """The newest run of results with words that the voice may not have finished."""
    pause = len(list(takewhile(lambda result: not result.tokens, reversed(heard))))
    if pause > _VOICE_LAG:
        return []
    run = list(takewhile(lambda result: result.tokens, reversed(heard[: len(heard) - pause])))
    return run[::-1]


def _refusal(state: Session, event: Reattach, oldest: int, newest: int) -> OpenRejected:
    beyond = event.received_k > newest
    return OpenRejected(
        session=state.terms.session,
        epoch=state.terms.epoch,
        attachment=0,
        request_id=event.request_id,
        limit="resume.received_k",
        reason=f"is {event.received_k}, "
        + (f"the newest result is {newest}" if beyond else f"results before {oldest} are gone")
        + "; open a new session",
        code="invalid_input" if beyond else "resync_required",
    )
