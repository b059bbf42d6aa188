"""A scheduler core with a small engine, a journal that can be away, and a client one can drive by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cluster.runtime import Effects, SchedulerConfig, SchedulerCore
from cluster.session.commands import Command, JournalWrite, OpenGranted, Result
from cluster.session.events import (
    Answer,
    Close,
    ControlIn,
    Detach,
    EdgeEvent,
    JournalOutcome,
    Open,
    Played,
    Reattach,
    TurnReady,
)
from cluster.session.limits import CheckpointLimits, ControlTokens, SessionRules
from cluster.session.store import MemoryStore
from cluster.types import MicroTurn, SlotResult, SlotWork, StepResult, TickBatch, TurnOutput, Versions

PERIOD_NS = 200_000_000
KEEP, RELEASE = 90, 91
LIMITS = CheckpointLimits(
    window=16,
    pins_max=4,
    prefix_max=8,
    audio_bytes=6,
    context_bytes=2,
    tokens=ControlTokens(keep=KEEP, release=RELEASE, delegate=92, stop=93),
)
VERSIONS = Versions(weights_sha256="0" * 64, torch="2.13.0", isa="test", dtype="f32", deterministic=True)
LOUD, QUIET = bytes([9] * 6), bytes(6)


@dataclass(slots=True, kw_only=True)
class Rig:
    """Time stands between calls; `tick` runs the next boundary with its step and its journal writes."""

    limits: CheckpointLimits = LIMITS
    rules: SessionRules = field(default_factory=SessionRules)
    max_sessions: int = 4
    versions: Versions = VERSIONS
    keep_history: bool = False
    grace_ms: int = 0
    clock: str = ""  # the name of the boot
    unix_zero_ns: int = 0
    core: SchedulerCore = field(init=False)
    store: MemoryStore = field(default_factory=MemoryStore)
    store_is: str = "up"  # up | down | slow: it answers when it is up again
    n: int = 0
    say: dict[int, tuple[int, ...]] = field(default_factory=dict)
    cut_off: set[int] = field(default_factory=set)  # micro-turns whose output ends for want of a pass
    told: list[Command] = field(default_factory=list)
    history: dict[str, list[bytes]] = field(default_factory=dict)
    attachment: dict[str, int] = field(default_factory=dict)
    epoch: dict[str, int] = field(default_factory=dict)
    unanswered: tuple[JournalWrite, ...] = ()

    def __post_init__(self) -> None:
        self.core = self.new_core()

    def new_core(self, engine_epoch: int = 1) -> SchedulerCore:
        config = SchedulerConfig(
            tick_zero_ns=0,
            engine_epoch=engine_epoch,
            num_slots=2 * self.max_sessions,
            max_sessions=self.max_sessions,
            rules=self.rules,
            grace_ms=self.grace_ms,
            clock=self.clock,
            unix_zero_ns=self.unix_zero_ns,
        )
        return SchedulerCore(config, self.limits, self.versions)

    @property
    def now_ns(self) -> int:
        """Just before the next boundary."""
        return self.n * PERIOD_NS - 1_000_000

    def k(self, session: str = "s") -> int:
        """The micro-turn that is due at the next boundary."""
        return self.n - self.core.session(session).terms.n0

    async def open(self, session: str = "s", **fields: object) -> list[Command]:
        self.epoch[session] = await self.store.create("default", session, owner="rig", token="secret")
        event = Open(
            session=session,
            epoch=self.epoch[session],
            request_id=1,
            token="secret",
            keep_history=self.keep_history,
            **fields,  # type: ignore[arg-type]  # fields of Open, by name
        )
        return await self.carry_out(self.core.handle(event, self.now_ns))

    async def turn(self, k: int, session: str = "s", **fields: object) -> list[Command]:
        """Input of micro-turn k, whose messages end with seq k+2 (configure was 1)."""
        audio, stretch_ppm = fields.pop("audio", QUIET), fields.pop("stretch_ppm", 0)
        turn = MicroTurn(k=k, audio=audio, **fields)  # type: ignore[arg-type]  # fields of MicroTurn, by name
        accepts = {"through_seq": k + 2, "audio_samples": 3_200 * (k + 1)}
        return await self.send(TurnReady, session, turn=turn, stretch_ppm=stretch_ppm, **accepts)

    async def control(self, session: str = "s", **fields: object) -> list[Command]:
        return await self.send(ControlIn, session, **fields)

    async def played(self, session: str = "s", **fields: object) -> list[Command]:
        return await self.send(Played, session, **fields)

    async def detach(self, session: str = "s") -> list[Command]:
        return await self.send(Detach, session, reason="gone")

    async def close(self, session: str = "s") -> list[Command]:
        return await self.send(Close, session, reason="client closed")

    async def reattach(self, received_k: int, session: str = "s", **fields: object) -> list[Command]:
        return await self.send(Reattach, session, request_id=2, token="next", received_k=received_k, **fields)

    async def send(self, event_type: type[EdgeEvent], session: str, /, **fields: object) -> list[Command]:
        who = {"session": session, "epoch": self.epoch[session], "attachment": self.attachment[session]}
        event = event_type(**who, **fields)  # type: ignore[arg-type]  # every edge event has these fields
        return await self.carry_out(self.core.handle(event, self.now_ns))

    async def tick(self, *, fail: str = "", refuse: Iterable[str] = (), took_ns: int = 30_000_000) -> list[Command]:
        """One boundary: cutoff, step, results. Returns everything commanded, in order."""
        at = self.n * PERIOD_NS
        effects = self.core.tick(self.n, at)
        batch = effects.batch
        assert batch is not None
        commands = [*batch.work, *await self.carry_out(effects)]
        self.n += 1
        if batch.work and fail:
            commands += await self.carry_out(self.core.step_failed(batch.n, fail, at + took_ns))
        elif batch.work:
            result = self.step(batch, frozenset(refuse), took_ns)
            commands += await self.carry_out(self.core.step_done(result, at + took_ns))
        return commands

    def step(self, batch: TickBatch, refuse: frozenset[str], took_ns: int) -> StepResult:
        done = [work for work in batch.work if work.session not in refuse]
        return StepResult(
            n=batch.n,
            engine_epoch=batch.engine_epoch,
            results=tuple(
                SlotResult(session=work.session, epoch=work.epoch, outputs=self.outputs(work)) for work in done
            ),
            engine_ns=took_ns,
            passes=1,
            rejected=tuple(refuse),
        )

    def outputs(self, work: SlotWork) -> tuple[TurnOutput, ...]:
        last = len(work.turns) - 1
        return tuple(
            TurnOutput(
                k=turn.k,
                tokens=self.say.get(turn.k, ()) if i == last else (),
                passes=int(i == last),
                truncated=i == last and turn.k in self.cut_off,
            )
            for i, turn in enumerate(work.turns)
        )

    async def carry_out(self, effects: Effects) -> list[Command]:
        for session, line in effects.history:
            self.history.setdefault(session, []).append(line)
        commands: list[Command] = [*effects.outs, *effects.journal]
        for out in effects.outs:
            if isinstance(out, OpenGranted):
                self.attachment[out.session] = out.attachment
        self.told += effects.outs
        for outcome in await self.written(effects.journal):
            commands += await self.carry_out(self.core.journaled(outcome, self.now_ns))
        return commands

    async def written(self, writes: tuple[JournalWrite, ...]) -> tuple[JournalOutcome, ...]:
        if self.store_is == "up":
            return await self.store.append(writes)
        if self.store_is == "slow":
            self.unanswered += writes
            return ()
        return tuple(
            JournalOutcome(session=write.session, epoch=write.epoch, answer=Answer.UNAVAILABLE) for write in writes
        )

    async def set_store(self, state: str) -> list[Command]:
        self.store_is, held, self.unanswered = state, self.unanswered, ()
        commands: list[Command] = []
        for outcome in await self.written(held):
            commands += await self.carry_out(self.core.journaled(outcome, self.now_ns))
        return commands

    def results(self, session: str = "s") -> list[Result]:
        """Every result that was sent, replays included."""
        sent: list[Result] = []
        for out in self.told:
            if isinstance(out, OpenGranted) and out.session == session:
                sent += out.replay
            elif isinstance(out, Result) and out.session == session:
                sent.append(out)
        return sent
