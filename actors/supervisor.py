"""Starts the actors, knows where they are, and starts again what may die without harm. Control plane only.

A micro-turn never passes here: while the supervisor is away, live sessions go on and no new ones are placed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable
from itertools import chain

import structlog

from actors import supervisor_held as held
from actors.autoscaling import Autoscaling
from actors.fleet import Fleet
from actors.handles import ActorInfo, ActorLost, ActorSpec, Launcher, shards_of
from actors.pairs import Pairs, number
from actors.supervisor_held import Part
from cluster.config import Config
from cluster.errors import Rejected
from cluster.scheduling.scaling import ScalingRules
from cluster.telemetry import metrics as m
from cluster.telemetry.metrics import Metrics

BACKOFF_S, BACKOFF_MAX_S = 0.1, 10.0
UNATTENDED_S = 10.0  # after which the `serve` that started us is taken for dead
LIVE, LOCKSTEP = "", "lockstep-"  # prefix of the roles of a pair

log = structlog.get_logger()


class Supervisor:
    """Guarantees: `place` and `find` answer only with schedulers that serve. An expert shard that dies is started
    again and its engines are told the new address; an ingest comes back at its old one. A scheduler or engine that
    dies comes back empty, and live sessions are rebuilt: by replay since the anchor, or from the journal when their
    clients come back.
    """

    def __init__(self, config: Config, launcher: Launcher, metrics: Metrics) -> None:
        self._config, self._metrics = config, metrics
        self._fleet = Fleet(launcher)
        self._pairs = Pairs(self._fleet)
        self._scaling = Autoscaling(
            ScalingRules(
                fewest=config.scaling.pairs,
                most=config.scaling.most,
                **config.scaling.model_dump(exclude={"pairs", "max_pairs"}),
            ),
            self._pairs,
            launcher,
            actors=self._fleet.infos,
            start_pair=self._start_pair,
            metrics=metrics,
        )
        self._deaths: dict[str, int] = {}
        self._ranks: list[ActorSpec] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._pairing = asyncio.Lock()
        self._stopping = False
        self._attended_at_s, self._beats_attended = time.monotonic(), 0

    @property
    def progress(self) -> int:
        """Stands while no `serve` attends: nobody would start another supervisor, so let whoever probes us end this."""
        if self.attended():
            self._beats_attended = self._fleet.beats
        return self._beats_attended

    async def start(self) -> str:
        """Everything but the lockstep pair. Where another supervisor left actors that serve, they are kept and this
        returns at once; what died since is started again beside. Raises what the first actor that cannot start raised.
        """
        experts, fewest = self._config.experts, self._config.scaling.pairs
        await self._fleet.adopt(self._config)
        kept, pairs = self._fleet.infos(), self._pairs.begin(fewest)
        shards = self._specs("expert", range(experts.shards if experts.exchange == "grpc" else 0))
        engines, schedulers = self._specs("engine", pairs), self._specs("scheduler", pairs)
        self._ranks = self._specs("rank", range(1, experts.shards if experts.exchange == "alltoall" else 0))
        ingests = self._specs("ingest", range(self._config.serve.ingests))
        groups = (shards, engines + self._ranks, schedulers, ingests)
        if kept:
            self._metrics.add(m.RESTARTS, died="supervisor")
            self._scaling.go_on(len(pairs))
            self._go_on(chain.from_iterable(groups))
        else:
            self._launch(groups)
            await self._meet()
            await self._serve_all(groups)
        self._spawn(self._fleet.beat())
        for state in ("serving", "wanted"):
            self._metrics.set(m.PAIRS, len(pairs), state=state)
        if self._config.scaling.most > 1:
            self._spawn(self._scaling.run())
        return ""

    def _go_on(self, specs: Iterable[ActorSpec]) -> None:
        """Where another supervisor stopped."""
        for spec in specs:
            if info := self._fleet.info(spec.name):
                self._guard(spec, info)
            elif spec.role == "rank":
                self._fleet.kill("engine-0")  # whose restart brings it along
            else:
                self._spawn(self._revive(spec, "it died while nobody watched"))

    def attend(self) -> None:
        """The `serve` that started us is there."""
        self._attended_at_s = time.monotonic()

    def attended(self) -> bool:
        return time.monotonic() - self._attended_at_s < UNATTENDED_S

    async def stop(self) -> None:
        """Ingests first, so that no client meets a server without its back."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        for role in ("ingest", "lockstep-scheduler", "scheduler", "lockstep-engine", "engine", "rank", "expert"):
            await self._fleet.stop(role)

    async def actors(self) -> tuple[ActorInfo, ...]:
        """Who serves now, in the order they were started."""
        return self._fleet.infos()

    async def facts(self) -> dict[str, str]:
        """What a user wants to know first."""
        engine = {}
        for info in self._fleet.serving("engine")[:1]:
            engine = await self._fleet[info.name].tell("describe")
            assert isinstance(engine, dict)
        address = ", ".join(info.address for info in self._fleet.serving("ingest"))
        return {"address": address, "exchange": self._config.experts.exchange, **engine}

    async def sessions(self) -> tuple[object, ...]:
        """Every session of every scheduler, as the schedulers tell."""
        found: list[object] = []
        for info in self._fleet.serving("scheduler") + self._fleet.serving("lockstep-scheduler"):
            held = await self._fleet[info.name].tell("sessions")
            assert isinstance(held, tuple)
            found += held
        return tuple(found)

    async def drain(self, node: str, in_ms: int, reason: str) -> tuple[str, ...]:
        """Have the ingests of a node (empty: of all) send their clients away, and the pairs of one node hand their
        sessions to those that stay, where any does. Returns the names of all that left once that is done.
        """
        leaving = [info.name for info in self._fleet.serving("ingest") if node in ("", info.node)]
        await asyncio.gather(*(self._fleet[name].tell("drain", in_ms, reason) for name in leaving))
        gone = await self._leave_node(node) if node else []
        return (*leaving, *gone)

    async def _leave_node(self, node: str) -> list[str]:
        halves = [info for role in ("scheduler", "engine") for info in self._fleet.serving(role) if info.node == node]
        leaving = {number(info) for info in halves} & set(self._pairs.staying())
        if not leaving or not set(self._pairs.staying()) - leaving:
            return []
        self._scaling.drained()
        await asyncio.gather(*(self._pairs.leave(pair) for pair in leaving))
        return [f"{role}-{pair}" for pair in sorted(leaving) for role in ("scheduler", "engine")]

    async def place(self, lockstep: bool, trial: bool = False) -> str:
        """Address of a scheduler for a new session; the first lockstep session starts a pair of its own. trial: nobody
        comes, so nobody is counted.
        """
        role = f"{LOCKSTEP if lockstep else LIVE}scheduler"
        async with self._pairing:
            if lockstep and not self._fleet.known(role):
                pair = (self._specs("lockstep-engine"), self._specs(role))
                self._launch(pair)
                await self._serve_all(pair)
        found = next(iter(self._fleet.serving(role)), None) if lockstep else await self._pairs.choose(trial=trial)
        if found is None:
            raise Rejected("scheduler", "none serves at the moment", retry_after_ms=1_000)
        return found.address

    async def find(self, session: str) -> str:
        """Address of the scheduler that owns the session, or of one to take it over. All are asked: what they hold is
        the truth. Raises Rejected while none serves.
        """
        for info in (*self._pairs.open(), *self._fleet.serving("lockstep-scheduler")):
            try:
                if await self._fleet[info.name].tell("owns", session):
                    return info.address
            except ActorLost:
                continue
        return await self.place(False)  # it may go on from its journal; who cannot rebuild it says so

    async def export(self, session: str, token: str | None) -> tuple[Part, ...]:
        return await held.export(self._fleet, session, token)

    async def erase(self, session: str, token: str | None) -> bool:
        return await held.erase(self._fleet, session, token)

    async def _meet(self) -> None:
        """Fix where the ranks of the engine meet, anew for each group."""
        if self._config.experts.exchange == "alltoall":
            self._fleet.meeting = await self._fleet["engine-0"].free_address()

    def _specs(self, role: str, indices: Iterable[int] = (0,)) -> list[ActorSpec]:
        return [ActorSpec(role=role, index=index, config=self._config) for index in indices]

    def _launch(self, groups: Iterable[list[ActorSpec]]) -> None:
        for spec in chain.from_iterable(groups):
            self._fleet.launch(spec)

    async def _serve_all(self, groups: Iterable[list[ActorSpec]]) -> None:
        """Each group behind those it calls."""
        for group in groups:
            await asyncio.gather(*(self._serve(spec) for spec in group))

    async def _start_pair(self, pair: int) -> None:
        """Behind those that serve already; what fails is taken away again and raised."""
        try:
            halves = [self._specs(role, (pair,)) for role in ("engine", "scheduler")]
            self._launch(halves)
            await self._serve_all(halves)
        except Exception:
            await self._pairs.leave(pair)
            raise

    async def _serve(self, spec: ActorSpec) -> None:
        self._guard(spec, await self._fleet.serve(spec))

    def _guard(self, spec: ActorSpec, info: ActorInfo) -> None:
        self._spawn(self._watch(spec))
        log.info("actor serves", actor=info.name, pid=info.pid, address=info.address)

    async def _watch(self, spec: ActorSpec) -> None:
        """Wait for the actor's death, then see to it that it serves again."""
        handle = self._fleet[spec.name]
        why = await handle.lost()
        if self._stopping or self._pairs.leaves(spec.name):
            return
        self._fleet.forget(spec.name)
        if spec.role == "rank":
            self._fleet["engine-0"].kill()  # losing a rank is losing the engine, whose restart brings the ranks along
            return
        await self._revive(spec, why)

    async def _revive(self, spec: ActorSpec, why: str) -> None:
        """Start it again until it serves; a quick succession is slowed down."""
        while True:
            deaths = self._deaths[spec.name] = self._deaths.get(spec.name, 0) + 1
            log.warning("actor died", actor=spec.name, why=why, deaths=deaths)
            self._metrics.add(m.RESTARTS, died=spec.role)
            await asyncio.sleep(min(BACKOFF_S * 2 ** (deaths - 1), BACKOFF_MAX_S))
            try:
                await self._restart(spec)
                return
            except Exception as error:  # whatever it is, to stop supervising would make it worse
                why = repr(error)
                self._fleet.kill(spec.name)

    async def _restart(self, spec: ActorSpec) -> None:
        """Launch and serve it anew, and tell those who call it where it is now."""
        again = [spec, *(self._ranks if spec.role == "engine" else ())]
        for one in again:
            self._fleet.kill(one.name)
            self._fleet.launch(one)
        if spec.role == "engine":
            await self._meet()
        infos = await asyncio.gather(*(self._fleet.serve(one) for one in again))
        for one, info in zip(again, infos, strict=True):  # watched only now: a group that fails is started anew by one
            self._guard(one, info)
        await self._tell_callers(spec)

    async def _tell_callers(self, spec: ActorSpec) -> None:
        """A caller that cannot be told is not the fault of who just came back: its own restart will show it."""
        told: dict[str, tuple[str, object]] = {}
        if spec.role == "expert":
            shards = shards_of(self._fleet.peers())
            engines = self._fleet.serving("engine") + self._fleet.serving("lockstep-engine")
            told = {engine.name: ("set_shards", shards) for engine in engines}
        elif spec.role.endswith("engine") and (address := self._fleet.peers().get(spec.name)):
            told = {spec.name.replace("engine", "scheduler"): ("set_engine", address)}
        for name, (verb, argument) in told.items():
            try:
                await self._fleet[name].tell(verb, argument)
            except Exception as error:
                log.warning("actor not told", actor=name, verb=verb, of=spec.name, why=repr(error))

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("supervision failed", exc_info=error)
