"""One session, whole. Frozen: the machine answers every event with a new one."""

from __future__ import annotations

from dataclasses import dataclass, field

from cluster.session.commands import Result
from cluster.session.context import Context
from cluster.session.events import ControlIn, Reattach
from cluster.session.inbox import Arrived, Inbox
from cluster.session.journal import Journal
from cluster.session.record import Cut, Slip
from cluster.session.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Who is attached. Nothing is sent between a takeover and its grant: the grant replays it."""

    attachment: int = 1
    attached: bool = True
    detached_ns: int = 0
    received_k: int = -1  # results at or before it are never sent again
    grace_ticks: int = 0  # before missing input counts as late
    resume: Reattach | None = None  # waits for its grant …
    resume_at: int = 0  # … until so many journal records are durable

    @property
    def listening(self) -> bool:
        return self.attached and self.resume is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """What is in the engine: the micro-turns of tick n."""

    n: int
    started_ns: int
    items: tuple[Arrived, ...]
    anchored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    terms: Terms
    context: Context
    stream: Stream = field(default_factory=Stream)
    inbox: Inbox = field(default_factory=Inbox)
    journal: Journal = field(default_factory=Journal)
    flight: Flight | None = None
    results: tuple[Result, ...] = ()  # the newest, for a client that comes back
    fresh: tuple[Result, ...] = ()  # not in the journal yet
    controls: tuple[ControlIn, ...] = ()  # wait for the next tick
    instructions: tuple[ControlIn, ...] = ()  # wait for the next anchor
    known_controls: tuple[int, ...] = ()  # seqs, so that a resent control takes effect once
    cut_off: bool = False  # the newest output ended for want of a pass
    cuts: tuple[Cut, ...] = ()
    slips: tuple[Slip, ...] = ()  # of micro-turns that have not entered
    started_ns: int = 0
    heard_ns: int = 0  # when the client last gave input
    failures: int = 0  # steps lost in a row
    closing: str = ""  # why, once no more input will come
    ended: bool = False

    @property
    def answered_k(self) -> int:
        """The last k that has its result, -1: none."""
        return self.results[-1].k if self.results else -1

    @property
    def finished(self) -> bool:
        """Ended, and the journal knows."""
        return self.ended and not self.journal.waiting
