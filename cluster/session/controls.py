"""When a control takes effect, and who is told."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cluster.errors import ProtocolError
from cluster.session.commands import ControlEffective
from cluster.session.context import Context
from cluster.session.events import ControlIn
from cluster.session.state import Session

WAITING = 32  # controls that may wait, for a tick or for the next anchor
KNOWN = 64  # newest controls that are recognised when they are sent again


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    effective: tuple[ControlEffective, ...] = ()
    fresh: tuple[ControlIn, ...] = ()  # for the first time: they belong into the record
    waiting: tuple[ControlIn, ...] = ()  # instructions that are not in the live context yet
    known: tuple[int, ...] = ()


def take_control(state: Session, control: ControlIn) -> Session:
    """Have a control wait for the next tick. Raises ProtocolError for one more than may wait; what was known before
    and is sent again is not one more.
    """
    if any(control.seq == waiting.seq for waiting in state.controls):
        return state
    known = state.known_controls
    waiting = len(state.instructions) + sum(other.seq not in known for other in state.controls)
    if waiting >= WAITING and control.seq not in known:
        raise ProtocolError(
            "control.control_id", f"{control.control_id!r} is one too many: {WAITING} wait already; await their effect"
        )
    return replace(state, controls=(*state.controls, control))


def apply_controls(state: Session, context: Context, *, n: int, k: int) -> Handled:
    """Controls take effect now, new instructions once they stand in the live context (that of this tick)."""
    known = state.known_controls
    if not (state.controls or state.instructions):
        return Handled(known=known)
    fresh = tuple(control for control in state.controls if control.seq not in known)
    # what was resent took effect once and is only acknowledged again
    now = [control for control in state.controls if control.seq in known or control.kind != "update_instructions"]
    waiting = (*state.instructions, *(control for control in fresh if control.kind == "update_instructions"))
    if context.prefix == context.wanted_prefix:
        now, waiting = [*now, *waiting], ()
    effective = tuple(
        ControlEffective(
            session=state.terms.session,
            epoch=state.terms.epoch,
            attachment=state.stream.attachment,
            control_id=control.control_id,
            seq=control.seq,
            tick=n,
            k=k,
        )
        for control in now
    )
    return Handled(
        effective=effective if state.stream.listening else (),
        fresh=fresh,
        waiting=waiting,
        known=(*known, *(control.seq for control in fresh))[-KNOWN:],
    )
