"""A history run again through today's code: decisions and outputs are taken from it, all else is computed anew."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest

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
    """Returns the state at the end. Raises ReplayDivergence at the first difference, InvalidInput for a broken file."""
    header, replayed = _open(lines)
    newest = deque(chain([(_begin(header), None)], replayed), maxlen=1)
    return newest[0][0]


def model_steps(lines: Iterable[bytes]) -> tuple[Header, Iterator[ModelStep]]:
    """What to feed an engine to have the same said again; steps that failed are left out, as their KV was rebuilt.

    Checks the machine on the way: raises what `replay_machine` raises.
    """
    header, replayed = _open(lines)
    return header, (step for _, step in replayed if step is not None)


def _open(lines: Iterable[bytes]) -> tuple[Header, Iterator[tuple[Session, ModelStep | None]]]:
    header, entries = read_history(lines)

    def replayed() -> Iterator[tuple[Session, ModelStep | None]]:
        state, work = _begin(header), None
        for at, entry in enumerate(entries, start=2):
            state, commands = advance(state, entry.event, entry.at_ns)
            _compare(at, entry.commands, tuple(witness(command) for command in commands))
            step = None
            if isinstance(entry.event, Stepped) and work is not None:
                step = ModelStep(at=at, n=entry.event.n, work=work, outputs=entry.event.outputs)
            if isinstance(entry.event, Stepped | StepLost):
                work = None
            work = next((command for command in commands if isinstance(command, SlotWork)), work)
            yield state, step

    return header, replayed()


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
