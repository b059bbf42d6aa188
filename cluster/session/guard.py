"""What one session breaks stays with it: the core goes on with the others, and this one is closed `internal`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cluster.errors import InvalidInput
from cluster.session import tick
from cluster.session.commands import Command, SessionEnded
from cluster.session.events import SessionEvent
from cluster.session.journal import Journal
from cluster.session.machine import advance
from cluster.session.state import Session

_REASON = "this session met a fault of the server; it is logged there; open a new one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An exception nobody foresaw, and the session that met it. after: what it could not be closed properly for."""

    session: str
    error: Exception
    after: Exception | None = None


def guarded(state: Session, event: SessionEvent, now_ns: int) -> tuple[Session, tuple[Command, ...], Fault | None]:
    """As `advance`, but a fault ends the session. Raises InvalidInput for an event that is refused."""
    try:
        return *advance(state, event, now_ns), None
    except InvalidInput:
        raise
    except Exception as error:
        return broken(state, error)


def erased(state: Session) -> tuple[Session, tuple[Command, ...]]:
    """Ended, with nothing left to write: it was to be deleted."""
    told: tuple[Command, ...] = ()
    if not state.ended:
        state, told = tick.end(state, "deleted", "its deletion was asked for", -1)
    return replace(state, journal=Journal()), told


def broken(state: Session, error: Exception) -> tuple[Session, tuple[Command, ...], Fault]:
    """Ended, as well as it still can be: with a last record in the journal, or where that fails too without one."""
    terms, stream = state.terms, state.stream
    fault = Fault(session=terms.session, error=error)
    try:
        if not state.ended:
            return *tick.end(state, "internal", _REASON, -1), fault
    except Exception as after:
        fault = replace(fault, after=after)
    ended = SessionEnded(
        session=terms.session,
        epoch=terms.epoch,
        attachment=stream.attachment,
        reason=_REASON,
        micro_turns=0,
        code="internal",
    )
    told = (ended,) if stream.attached and not state.ended else ()
    return replace(state, ended=True, flight=None, journal=Journal()), told, fault
