"""Everything that can happen to a session: what a client did (through ingest), what the scheduler decided,
what the engine and the journal answered.

The first group mirrors `EdgeUp` of protos/counterpoint/internal/v1/edge.proto one to one. `attachment` says which
attachment of a client speaks; the core ignores events of an older attachment or another epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from cluster.session.commands import Result
from cluster.types import Degradation, MicroTurn, TurnOutput


@dataclass(frozen=True, slots=True, kw_only=True)
class FromEdge:
    session: str
    epoch: int
    attachment: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Open(FromEdge):
    """A new session, already claimed in the store: `epoch` and `token` are what the claim gave."""

    request_id: int
    token: str
    seat: int = 1
    tenant: str = "default"
    tier: str = "standard"
    configure: bytes = b""  # counterpoint.v1.Configure as received, handed back at a resume
    prefix: tuple[int, ...] = ()
    has_audio: bool = True
    due_ms: int = 0  # 0: the scheduler's default
    temperature: float = 0.0
    seed: int = 0
    keep_history: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reattach(FromEdge):
    """A client, or its ingest for it, came back with what the store has accepted; `token` is its next one.

    seat: the number of the client in this session, which its ingest must give where it comes back for it.
    ring: where it does, the newest results it was given; the client has them or will have them.
    """

    request_id: int
    token: str
    seat: int = 0
    ring: tuple[Result, ...] = ()
    received_k: int = -1
    received_sample: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnReady(FromEdge):
    """Input of micro-turn k. May come before its cutoff; one that was sealed is answered by `Sealed`, not taken."""

    turn: MicroTurn
    through_seq: int = 0  # client messages that are wholly inside k or before
    audio_samples: int = 0
    ready_ns: int = 0  # monotonic, when it was complete at ingest
    stretch_ppm: int = 0  # by how much its media was stretched (+) or shortened, to follow the client's clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Slipped(FromEdge):
    """The client's clock is off by more than stretching can follow: micro-turn k is silence that was inserted, or two
    that were merged. Comes before k does.
    """

    k: int
    inserted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlIn(FromEdge):
    """kind: ping | interrupt | update_instructions (with the new prefix)."""

    seq: int
    control_id: str
    kind: str
    prefix: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Played(FromEdge):
    k: int
    sample: int
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Detach(FromEdge):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard(FromEdge):
    """Its ingest says nothing for the moment: what is missing at the next tick is not the client's lateness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Close(FromEdge):
    """No more input; the session ends after the result of its last micro-turn."""

    reason: str


EdgeEvent: TypeAlias = Open | Reattach | TurnReady | Slipped | ControlIn | Played | Detach | Unheard | Close


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """The cutoff of tick n, with what the planner granted this session. A decision: replay takes it as it is."""

    n: int
    passes: int
    prefill_turns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """The engine's answer to this session's part of tick n. Stage times are those of the whole step."""

    n: int
    outputs: tuple[TurnOutput, ...]
    context_tokens: int = 0
    degradations: tuple[Degradation, ...] = ()
    engine_ns: int = 0
    expert_ns: int = 0
    expert_calls: int = 0
    shards_used: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLost:
    """Tick n failed, or the engine refused this session, or (n = -1) the engine was lost between steps."""

    n: int
    reason: str


class Answer(StrEnum):
    WRITTEN = "written"
    FENCED = "fenced"  # another owner holds a higher epoch
    UNAVAILABLE = "unavailable"  # nothing is known about the write


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalOutcome:
    """Answer to one JournalWrite. next_index: the record the store wants next (WRITTEN), 0 otherwise."""

    session: str
    epoch: int
    answer: Answer
    next_index: int = 0


SessionEvent: TypeAlias = EdgeEvent | Tick | Stepped | StepLost | JournalOutcome
