"""Items on a virtual clock, many at once in this process: the cluster's own intake, scheduler core, engine and voice
without a wire between them. What is said is what `counterpoint talk --lockstep` says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cluster.runtime import Effects, SchedulerConfig, SchedulerCore
from cluster.session.commands import OpenGranted, OpenRejected, Result, Sealed, SessionEnded
from cluster.session.events import Answer, EdgeEvent, JournalOutcome, Open
from cluster.session.limits import TODAY
from evals.harness.model import Model
from evals.harness.script import Script
from evals.harness.scripts import Scripted
from evals.harness.seat import Seat
from evals.harness.sounding import Sounding
from evals.items import Said

OPEN_LEAD_TICKS = 3  # from the tick before which a session is opened to that of its first micro-turn


class Schedule(Protocol):
    """When things happen. Nothing here depends on how long anything takes."""

    def opens(self, id: str) -> int:
        """The tick before which this item's session is opened; it may be long gone."""

    def carries(self, id: str, k: int, n0: int) -> int:
        """The tick that carries micro-turn k of this item."""

    def runs(self, n: int) -> bool:
        """Whether the engine steps in tick n."""

    def late_s(self, id: str, k: int) -> float:
        """How much later than due the result of micro-turn k is heard."""


class Undisturbed:
    """Infinite compute: every micro-turn in its own tick, every result at its due time."""

    def opens(self, id: str) -> int:
        return 0

    def carries(self, id: str, k: int, n0: int) -> int:
        return n0 + k

    def runs(self, n: int) -> bool:
        return True

    def late_s(self, id: str, k: int) -> float:
        return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listened:
    """What an item got. outputs: words emitted, by micro-turn, events included."""

    id: str
    said: tuple[Said, ...]
    sound: Sounding
    outputs: dict[int, tuple[str, ...]] = field(default_factory=dict)


Ended = Callable[[Listened], None]


def listen(
    model: Model, scripts: Iterable[Scripted], schedule: Schedule | None = None, ended: Ended | None = None
) -> list[Listened]:
    """Each script through a session of its own; returned in the order given, told to `ended` as they end. Of those that
    may begin the longest does, so that batches are full until the end: a pass over few rows costs nearly as much.

    In fixed tiles an item is heard alike whoever is beside it. Without them a neighbour may change the last bit of a
    number, and so a word where two were about as likely.

    Raises ConfigError for an item that cannot be sent, RuntimeError where the engine refuses work; what `ended` was
    told by then stands.
    """
    return _Run(model, schedule or Undisturbed(), ended or (lambda _: None)).through(list(scripts))


class _Run:
    def __init__(self, model: Model, schedule: Schedule, ended: Ended) -> None:
        self._model, self._schedule, self._ended = model, schedule, ended
        config = SchedulerConfig(
            tick_zero_ns=0,
            engine_epoch=1,
            num_slots=2 * model.sessions,
            max_sessions=model.sessions,
            rules=TODAY,
            lockstep=True,
        )
        self._core = SchedulerCore(config, model.limits, model.engine.versions)
        self._seats: dict[str, Seat] = {}
        self._opening: dict[str, Script] = {}
        self._done: dict[str, Listened] = {}
        self._n = 0

    def through(self, scripts: Sequence[Scripted]) -> list[Listened]:
        waiting = deque(sorted(scripts, key=lambda script: (self._schedule.opens(script.id), -script.turns)))
        while waiting or self._seats:
            while waiting and len(self._core) < self._model.sessions and self._due(waiting[0]):
                self._open(waiting.popleft().open())
            if self._schedule.runs(self._n):
                self._tick()
            self._n += 1
        self._tick()  # gives back the slots of the last session
        return [self._done[script.id] for script in scripts]

    def _due(self, script: Scripted) -> bool:
        return self._schedule.opens(script.id) <= self._n

    @property
    def _now_ns(self) -> int:
        return self._core.ticker.start_ns(self._n)

    def _open(self, script: Script) -> None:
        self._opening[script.id] = script
        event = Open(session=script.id, epoch=1, request_id=1, token="lockstep")
        self._carry_out(self._core.handle(event, self._now_ns))

    def _tick(self) -> None:
        for seat in list(self._seats.values()):
            self._feed(seat)
        effects = self._core.tick(self._n, self._now_ns)
        self._carry_out(effects)
        if effects.batch is None or not effects.batch.work:
            return
        result = self._model.engine.step(effects.batch)
        if self._model.engine.refusals:
            raise RuntimeError(f"the engine refused work: {self._model.engine.refusals}")
        self._carry_out(self._core.step_done(result, self._now_ns))

    def _feed(self, seat: Seat) -> None:
        """Everything that is to be there when tick n cuts off."""
        n0 = self._core.session(seat.script.id).terms.n0
        while seat.given < seat.script.turns and self._carried(seat, n0) <= self._n:
            self._handle(seat.give())

    def _carried(self, seat: Seat, n0: int) -> int:
        return self._schedule.carries(seat.script.id, seat.given, n0)

    def _handle(self, events: Iterable[EdgeEvent]) -> None:
        for event in events:
            self._carry_out(self._core.handle(event, self._now_ns))

    def _carry_out(self, effects: Effects) -> None:
        for out in effects.outs:
            match out:
                case OpenGranted():
                    self._seats[out.session] = Seat(self._opening.pop(out.session), self._model, out)
                case OpenRejected():
                    raise RuntimeError(f"a session was rejected: {out.limit}: {out.reason}")
                case Result() if out.session in self._seats:
                    late_s = self._schedule.late_s(out.session, out.k)
                    self._handle(self._seats[out.session].result(out, late_s))
                case Sealed() if out.session in self._seats:
                    self._handle(self._seats[out.session].sealed(out))
                case SessionEnded():
                    self._end(out)
        for write in effects.journal:  # a store that answers at once
            stored = JournalOutcome(
                session=write.session,
                epoch=write.epoch,
                answer=Answer.WRITTEN,
                next_index=write.index + len(write.records),
            )
            self._carry_out(self._core.journaled(stored, self._now_ns))

    def _end(self, ended: SessionEnded) -> None:
        if ended.code != "closed":
            raise RuntimeError(f"item {ended.session}: {ended.code}: {ended.reason}")
        seat = self._seats.pop(ended.session)
        said = tuple(seat.said())
        self._done[ended.session] = Listened(
            id=ended.session, said=said, sound=seat.sounding(said), outputs=seat.outputs
        )
        self._ended(self._done[ended.session])
