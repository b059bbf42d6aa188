"""What actors know of each other: plain data and protocols. Shells import this, never each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from cluster.config import Config
from cluster.errors import CounterpointError

Peers = Mapping[str, str]  # actor name → address
RENDEZVOUS = "rendezvous"  # among the peers: HOST:PORT at which the ranks of an engine meet
BEFORE = "before"  # among the peers: where this very actor served before it died


def shards_of(peers: Peers) -> dict[int, str]:
    """Address of each expert shard among them."""
    prefix = "expert-"
    return {int(name.removeprefix(prefix)): at for name, at in peers.items() if name.startswith(prefix)}


class ActorLost(CounterpointError):
    """The process of an actor is gone; what it was doing may or may not have happened."""


class ActorStarting(CounterpointError):
    """The process of an actor is there and does not serve yet; ask again."""


class Shell(Protocol):
    """What an actor runs. Started once, stopped once; `progress` rises while it is alive and well."""

    @property
    def progress(self) -> int: ...

    async def start(self) -> str:
        """Serve; returns the address others reach it by."""

    async def stop(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorSpec:
    """An actor to be. The names of a role count from 0, such as expert-1."""

    role: str  # supervisor, ingest, scheduler, engine, expert, rank; lockstep-scheduler, lockstep-engine
    index: int
    config: Config

    @property
    def name(self) -> str:
        return f"{self.role}-{self.index}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorInfo:
    """An actor that serves."""

    role: str
    name: str
    pid: int
    node: str
    address: str
    metrics_address: str


class Handle(Protocol):
    """An actor in another process. Every method but `kill` raises ActorLost once that process is gone."""

    async def start(self, peers: Peers) -> ActorInfo: ...

    async def serving(self, config: Config) -> ActorInfo | None:
        """What `start` told, if it serves with this very configuration and the software of whoever asks."""

    async def free_address(self) -> str:
        """HOST:PORT on its machine that nobody serves at."""

    async def tell(self, verb: str, *arguments: object) -> object:
        """Call a public method of its shell."""

    async def progress(self) -> int: ...

    async def lost(self) -> str:
        """Returns why, when the process is gone."""

    async def stop(self) -> None: ...

    def kill(self) -> None:
        """End the process now, whatever it does."""


class Launcher(Protocol):
    """Starts processes. All the supervisor knows about Ray."""

    def launch(self, spec: ActorSpec) -> Handle: ...

    async def left(self, namespace: str) -> Mapping[str, Handle]:
        """Actors that another supervisor started there and that still have their names; itself is not among them."""

    async def end(self, namespace: str, names: Collection[str]) -> None:
        """End those processes. Raises ConfigError if their names do not become free."""

    async def room(self, role: str) -> int:
        """How many more actors of this role the nodes that there are can take now."""

    async def ask(self, wanted: Mapping[str, int]) -> None:
        """Have Ray's autoscaler keep nodes for so many actors of each role, replacing what was asked before."""


class Directory(Protocol):
    """Which scheduler serves whom. Raises Rejected (limit, retry_after_ms) or StoreUnavailable."""

    async def place(self, *, lockstep: bool, trial: bool) -> str:
        """Address of a scheduler that may take a new session; trial: none comes."""

    async def find(self, session: str) -> str:
        """Address of the scheduler that owns this session. Raises ResyncRequired if nobody does."""

    async def export(self, session: str, token: str | None) -> tuple[tuple[str, bytes], ...]:
        """All that is held of a session, by name. token None: who asks is entitled. Raises Unauthenticated too."""

    async def erase(self, session: str, token: str | None) -> bool:
        """Hold nothing of it any more; False if nothing was held. Raises as `export`."""
