"""A history run again through today's code: decisions and outputs are taken from it, all else is computed anew."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from cluster.errors import ReplayDivergence
from cluster.session.adopt import adopt
from cluster.session.events import Open, StepLost, Stepped
from cluster.session.history import Header, Witness, read_history, witness
from cluster.session.machine import advance, open_session
from cluster.session.record import TERMS
from cluster.session.state import Session
from cluster.types import SlotWork, TurnOutput


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStep:
    """Work the engine did, and what it answered then. at: the line of the answer."""

    at: int
    n: int
    work: SlotWork
    outputs: tuple[TurnOutput, ...]


def replay_machine(lines: Iterable[bytes]) -> Session:
    """The state at the end. Raises ReplayDivergence at the first difference, InvalidInput for a broken file."""
    return deque(_replayed(lines), maxlen=1)[0][0]


def model_steps(lines: Iterable[bytes]) -> Iterator[Header | ModelStep]:
    """What to feed an engine to have the same said again; a header where the session began or a new owner took over.

    Steps that failed are left out: the KV was built anew after them. Checks the machine on the way: raises what
    `replay_machine` raises.
    """
    return (found for _, found in _replayed(lines) if found is not None)


def _replayed(lines: Iterable[bytes]) -> Iterator[tuple[Session, Header | ModelStep | None]]:
    state, work = None, None
    for at, found in enumerate(read_history(lines), start=1):
        if isinstance(found, Header):
            state, work = _begin(found), None
            yield state, found
            continue
        assert state is not None  # a history begins with a header
        state, commands = advance(state, found.event, found.at_ns)
        _compare(at, found.commands, tuple(witness(command) for command in commands))
        step = None
        if isinstance(found.event, Stepped) and work is not None:
            step = ModelStep(at=at, n=found.event.n, work=work, outputs=found.event.outputs)
        if isinstance(found.event, Stepped | StepLost):
            work = None
        work = next((command for command in commands if isinstance(command, SlotWork)), work)
        yield state, step


def _begin(header: Header) -> Session:
    terms = header.terms
    if header.adopted:
        return adopt(
            terms,
            header.records,
            base=header.base,
            slots=header.slots,
            meta=TERMS.encode(terms),
            now_ns=header.at_ns,
        )
    opened = Open(session=terms.session, epoch=terms.epoch, request_id=header.request_id, token="")
    return open_session(terms, opened, header.slots, header.at_ns)[0]


def _compare(at: int, expected: tuple[Witness, ...], got: tuple[Witness, ...]) -> None:
    for was, now in zip_longest(expected, got):
        if was != now:
            raise ReplayDivergence(at, was, now)
