"""The scheduler's core: every session of one engine, without I/O and without a clock.

The shell calls `handle` for what ingests send, `tick` at every boundary it runs, `step_done` or `step_failed` exactly
once for every batch that has work, and `journaled` once for every write; it then does what the Effects say.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import replace
from typing import TypeVar

from cluster.errors import InvalidInput, Rejected
from cluster.runtime_contract import Effects, SchedulerConfig
from cluster.runtime_terms import adopted_terms, opened_terms
from cluster.scheduling.cost import CostModel
from cluster.scheduling.patience import Patience
from cluster.scheduling.planner import Budget, Grant, plan
from cluster.scheduling.slots import SlotPool
from cluster.scheduling.ticker import Ticker
from cluster.session import adopt as adoption
from cluster.session.commands import Command, JournalWrite
from cluster.session.events import ControlIn, EdgeEvent, JournalOutcome, Open, Reattach, SessionEvent, StepLost, Stepped
from cluster.session.events import Tick as TickEvent
from cluster.session.guard import Fault, broken, erased, guarded
from cluster.session.history import Header, entry_line, header_line
from cluster.session.limits import CheckpointLimits
from cluster.session.machine import open_session
from cluster.session.preview import demand, lacks_input, listened_to, owes, work_rows
from cluster.session.record import TERMS
from cluster.session.refusal import rejection, unknown
from cluster.session.state import Session
from cluster.session.store import StoredSession
from cluster.types import SlotWork, StepResult, TickBatch, Versions

__all__ = ["Effects", "SchedulerConfig", "SchedulerCore"]

_MS = 1_000_000
_Seen = TypeVar("_Seen")
_NOTHING = Grant(session="", passes=1, prefill_turns=0)


class SchedulerCore:
    """Guarantees: one result per k and ascending k in a session; no event of a stale epoch or attachment has an effect;
    nothing is accepted beyond the journal unless it is said to be volatile; one batch is out at a time; a fault in one
    session closes that session and nothing else.
    """

    def __init__(self, config: SchedulerConfig, checkpoint: CheckpointLimits, versions: Versions) -> None:
        self._config, self._limits, self._versions = config, checkpoint, versions
        self.ticker = Ticker(zero_ns=config.tick_zero_ns)
        self._pool = SlotPool(num_slots=config.num_slots, max_sessions=config.max_sessions)
        self._cost = CostModel(initial_ns=config.initial_pass_ms * _MS)
        self._engine_epoch = config.engine_epoch
        self._sessions: dict[str, Session] = {}
        self._leaving: list[SlotWork] = []  # slots of ended sessions, for the next batch to free
        self._out: TickBatch | None = None
        self._patience, self._step_ns = Patience(config.grace_ms * _MS), 0  # what the newest step took
        self._lines: list[tuple[str, bytes]] = []
        self._finished: list[str] = []
        self._faults: list[Fault] = []
        self._unsaid: list[Command] = []  # of sessions that met their fault where nothing could be said

    def __len__(self) -> int:
        return len(self._pool)

    def __contains__(self, session: str) -> bool:
        return session in self._sessions

    def session(self, session: str) -> Session:
        """A view of its state. Raises KeyError."""
        return self._sessions[session]

    def check_room(self) -> None:
        """Raises Rejected naming the limit that binds. Ask before a new session is claimed in the store."""
        self._pool.check_room()

    def ready(self, n: int) -> bool:
        """Every attached session has given what is due in tick n: when a lockstep engine may run it."""
        return not any(self._seen(lacks_input, state, n) for state in list(self._sessions.values()))

    def patience_ns(self, n: int) -> int:
        """How long tick n of a live engine waits beyond its start for what is not here."""
        there = [state for state in list(self._sessions.values()) if self._seen(listened_to, state, n)]
        late = [state.terms.session for state in there if self._seen(owes, state, n)]
        until_ms = min((state.terms.due_ms for state in there), default=0) - self._config.egress_ms
        return self._patience.ns(n, late=late, of=len(there), room_ns=until_ms * _MS - self._step_ns)

    def handle(self, event: EdgeEvent, now_ns: int) -> Effects:
        """Raises InvalidInput for a control that no session could obey, or one more than may wait."""
        if isinstance(event, Open):
            return self._open(event, now_ns)
        state = self._sessions.get(event.session)
        if state is None or state.ended or state.terms.epoch != event.epoch:
            return Effects(outs=(unknown(event),)) if isinstance(event, Reattach) else Effects()
        if isinstance(event, ControlIn):
            self._check_prefix(event.prefix, "control.update_instructions.instructions")
        return self._collect(self._advance(event.session, event, now_ns))

    def tick(self, n: int, now_ns: int) -> Effects:
        """The cutoff of tick n. Raises ValueError while the step before has no answer."""
        if self._out is not None:
            raise ValueError(f"tick {n}: the step of tick {self._out.n} has no answer yet")
        commands: list[Command] = [*self._leaving]
        self._leaving = []
        grants = self._plan(n, max(0, now_ns - self.ticker.start_ns(n)))
        for session in list(self._sessions):
            grant = grants.get(session, _NOTHING)
            event = TickEvent(n=n, passes=grant.passes, prefill_turns=grant.prefill_turns)
            commands += self._advance(session, event, now_ns)
        batch = TickBatch(
            n=n,
            engine_epoch=self._engine_epoch,
            work=tuple(command for command in commands if isinstance(command, SlotWork)),
            deadline_ns=0 if self._config.lockstep else self.ticker.start_ns(n) + self._config.engine_budget_ns,
        )
        self._out = batch if batch.work else None
        return replace(self._collect(commands), batch=batch)

    def step_done(self, result: StepResult, now_ns: int) -> Effects:
        """Raises ValueError for a result that no batch waits for."""
        batch = self._answered(result.n)
        found = {slot_result.session: slot_result for slot_result in result.results}
        rows = sum(work_rows(work, self._limits.audio_in) for work in batch.work)
        passes = [output.passes for slot_result in result.results for output in slot_result.outputs[-1:]]
        self._step_ns = result.engine_ns
        if result.passes:
            self._cost.observe(sessions=len(batch.work), rows=rows, passes=passes, engine_ns=result.engine_ns)
        commands: list[Command] = []
        for work in batch.work:
            answer = found.get(work.session)
            event: SessionEvent
            if answer is None or answer.epoch != work.epoch:
                event = StepLost(n=result.n, reason="the engine refused the work of this session")
            else:
                event = Stepped(
                    n=result.n,
                    outputs=answer.outputs,
                    context_tokens=answer.context_tokens,
                    degradations=answer.degradations,
                    engine_ns=result.engine_ns,
                    expert_ns=result.expert_ns,
                    expert_calls=result.expert_calls,
                    shards_used=result.shards_used,
                )
            commands += self._advance(work.session, event, now_ns)
        return self._collect(commands)

    def step_failed(self, n: int, reason: str, now_ns: int) -> Effects:
        """The step raised, timed out or its engine died: every session's KV is built anew before it goes on."""
        return self._lose({work.session for work in self._answered(n).work}, n, reason, now_ns)

    def engine_replaced(self, engine_epoch: int, now_ns: int) -> Effects:
        """Another engine process serves, with empty slots. A step that was out has failed.

        Raises ValueError for an epoch that is not above the one before.
        """
        if engine_epoch <= self._engine_epoch:
            raise ValueError(f"engine_epoch: {engine_epoch} must be above {self._engine_epoch}")
        self._engine_epoch, self._leaving = engine_epoch, []
        if self._out is not None:
            return self.step_failed(self._out.n, "the engine was replaced", now_ns)
        return self._lose(frozenset(), -1, "the engine was replaced", now_ns)

    def journaled(self, outcome: JournalOutcome, now_ns: int) -> Effects:
        state = self._sessions.get(outcome.session)
        if state is None or state.terms.epoch != outcome.epoch:
            return Effects()
        return self._collect(self._advance(outcome.session, outcome, now_ns))

    def adopt(self, stored: StoredSession, epoch: int, now_ns: int) -> Effects:
        """Own a session whose journal was loaded and claimed with `epoch`. It waits for its client's Reattach.

        A media clock of another boot is carried over by the time of day, so that elapsed time stays true.
        Raises Rejected (no room), ResyncRequired (its records cannot be read or do not suffice), ValueError (a session
        of another phase group, or one that is held already). Whatever it raises, it holds no slots after.
        """
        was = TERMS.decode(stored.meta)
        terms = adopted_terms(was, stored.records, epoch, self.ticker, self._config, self._limits, now_ns)
        slots = self._pool.take(terms.session)
        try:
            self._sessions[terms.session] = adoption.adopt(
                terms, stored.records, base=stored.base, slots=slots, meta=TERMS.encode(terms), now_ns=now_ns
            )
        except Exception:
            self._pool.give(terms.session)  # whoever asks again and again must not use them up
            raise
        self._begin_history(
            Header(
                versions=self._versions,
                terms=terms,
                slots=slots,
                at_ns=now_ns,
                adopted=True,
                base=stored.base,
                records=stored.records,
            )
        )
        return self._collect(())

    def give_up(self, session: str, error: Exception | None) -> Effects:
        """Close a session that its shell cannot serve, or (error None) of which nothing more may be written."""
        state = self._sessions.get(session)
        if state is not None and error is None:
            return self._collect(self._settle(*erased(state)))
        if state is None or state.ended:
            return Effects()
        self._break(state, error)
        return self._collect(())

    def _lose(self, worked: Set[str], n: int, reason: str, now_ns: int) -> Effects:
        lost = ((each, StepLost(n=n if each in worked else -1, reason=reason)) for each in list(self._sessions))
        return self._collect([command for each, event in lost for command in self._advance(each, event, now_ns)])

    def _open(self, event: Open, now_ns: int) -> Effects:
        if event.session in self._sessions:
            raise ValueError(f"session {event.session}: is open already")
        try:
            self._check_prefix(event.prefix, "configure.instructions")
            slots = self._pool.take(event.session)
        except (InvalidInput, Rejected) as error:
            return Effects(outs=(rejection(event, error),))
        terms = opened_terms(event, self.ticker, self._config, self._limits, now_ns)
        self._sessions[event.session], commands = open_session(terms, event, slots, now_ns)
        self._begin_history(
            Header(versions=self._versions, terms=terms, slots=slots, at_ns=now_ns, request_id=event.request_id)
        )
        return self._collect(commands)

    def _check_prefix(self, prefix: tuple[int, ...], path: str) -> None:
        if len(prefix) > self._limits.prefix_max:
            raise InvalidInput(path, f"has {len(prefix)} tokens, the checkpoint takes {self._limits.prefix_max}")

    def _advance(self, session: str, event: SessionEvent, now_ns: int) -> tuple[Command, ...]:
        if session not in self._sessions:
            return ()
        state, commands, fault = guarded(self._sessions[session], event, now_ns)
        if fault:
            self._faults.append(fault)
        elif state.terms.keep_history:
            self._lines.append((session, entry_line(event, now_ns, commands)))
        return self._settle(state, commands)

    def _settle(self, state: Session, commands: tuple[Command, ...]) -> tuple[Command, ...]:
        session = state.terms.session
        self._sessions[session] = state
        if state.finished and session not in self._finished:
            self._finished.append(session)
        return commands

    def _begin_history(self, header: Header) -> None:
        if header.terms.keep_history:
            self._lines.append((header.terms.session, header_line(header)))

    def _seen(self, look: Callable[[Session, int], _Seen], state: Session, n: int) -> _Seen | None:
        try:
            return look(state, n)
        except Exception as error:
            self._break(state, error)
            return None

    def _break(self, state: Session, error: Exception) -> None:
        """Close a session for a fault; it is said with what is said next."""
        state, commands, fault = broken(state, error)
        self._faults.append(fault)
        self._unsaid += self._settle(state, commands)

    def _plan(self, n: int, begun_late_ns: int) -> dict[str, Grant]:
        alive = (state for state in list(self._sessions.values()) if not state.ended)
        demands = [found for state in alive if (found := self._seen(demand, state, n))]
        budget = Budget(
            engine_ns=self._config.engine_budget_ns - begun_late_ns,
            tick_ns=self._config.tick_budget_ns - begun_late_ns,
            passes_max=self._limits.passes_max,
            chunk=self._config.rules.prefill_chunk,
        )
        return plan(demands, budget, self._cost)

    def _answered(self, n: int) -> TickBatch:
        batch, self._out = self._out, None
        if batch is None or batch.n != n:
            raise ValueError(f"n: no step of tick {n} is out")
        return batch

    def _collect(self, commands: tuple[Command, ...] | list[Command]) -> Effects:
        lines, self._lines = tuple(self._lines), []
        said, self._unsaid = (*self._unsaid, *commands), []
        ended, self._finished = tuple(self._finished), []
        faults, self._faults = tuple(self._faults), []
        for session in ended:
            state = self._sessions.pop(session)
            slots = self._pool.give(session)
            self._leaving.append(SlotWork(session=session, epoch=state.terms.epoch, slot=slots[0], free=slots))
        return Effects(
            journal=tuple(command for command in said if isinstance(command, JournalWrite)),
            outs=tuple(command for command in said if not isinstance(command, JournalWrite | SlotWork)),
            history=lines,
            ended=ended,
            faults=faults,
        )
