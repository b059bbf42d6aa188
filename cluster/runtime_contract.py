"""What the scheduler's core is told once, and what it asks of its shell each time."""

from __future__ import annotations

from dataclasses import dataclass, field

from cluster.session.commands import EdgeOut, JournalWrite
from cluster.session.guard import Fault
from cluster.session.limits import SessionRules
from cluster.types import MICRO_TURN_MS, TickBatch

_MS = 1_000_000
_UNBOUNDED_NS = 1 << 62
_TICK_PERCENT = 75  # of a period may be the engine's; the rest goes to and from it


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerConfig:
    """Tick n starts at tick_zero_ns + n · 200 ms of the clock named `clock`: a monotonic one is of one boot only.

    unix_zero_ns: the time of day at 0 of that clock; 0 is not known.
    """

    tick_zero_ns: int
    engine_epoch: int
    num_slots: int
    max_sessions: int
    jitter_ms: int = 30
    due_ms: int = 160
    grace_ms: int = 0  # a tick waits at most so long for input of many sessions that is on its way
    lead_ms: int = 200  # from the grant to media time 0, at least
    lockstep: bool = False
    egress_ms: int = 20  # of due_ms, for everything between the engine and the client
    reserve_percent: int = 20
    initial_pass_ms: int = 15  # what a pass is thought to cost before one was measured
    clock: str = ""
    unix_zero_ns: int = 0
    rules: SessionRules = field(default_factory=SessionRules)

    @property
    def engine_budget_ns(self) -> int:
        """What a step may take for its results to be in time."""
        if self.lockstep:
            return _UNBOUNDED_NS  # what lockstep decides never depends on how fast the machine is
        return (self.due_ms - self.egress_ms) * _MS * (100 - self.reserve_percent) // 100

    @property
    def tick_budget_ns(self) -> int:
        """What a step may take for the next tick to begin in time."""
        return _UNBOUNDED_NS if self.lockstep else MICRO_TURN_MS * _MS * _TICK_PERCENT // 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What the shell has to do now. Emission (`outs`) never waits for the journal."""

    batch: TickBatch | None = None  # exactly one per call of `tick`, possibly without work
    journal: tuple[JournalWrite, ...] = ()
    outs: tuple[EdgeOut, ...] = ()
    history: tuple[tuple[str, bytes], ...] = ()  # (session, line) to append to history files
    ended: tuple[str, ...] = ()  # sessions the core has forgotten
    faults: tuple[Fault, ...] = ()  # of sessions that were closed for it
