"""Everything a session asks of its shell: words to the edge, records to the journal, work for the engine.

The first group mirrors `EdgeDown` of protos/counterpoint/internal/v1/edge.proto one to one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from cluster.session.heard import Heard
from cluster.types import Degradation, SlotWork, Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class ToEdge:
    """Goes to the ingest that holds this attachment of the session."""

    session: str
    epoch: int
    attachment: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(ToEdge):
    """Exactly one for every k of a session. Egress judges ON_TIME and LATE again."""

    k: int
    tick: int
    timing: Timing
    degradations: tuple[Degradation, ...] = ()
    tokens: tuple[int, ...] = ()
    events: tuple[str, ...] = ()  # keep, keep_refused, release, delegate, stop, anchored
    due_ns: int = 0
    cutoff_ns: int = 0
    queue_ns: int = 0  # hand-over (or cutoff, if later) to the start of the step
    engine_ns: int = 0
    expert_ns: int = 0
    passes: int = 0
    expert_calls: int = 0
    shards_used: int = 0
    context_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGranted(ToEdge):
    """Answers an Open or a Reattach: the stream it came from now holds `attachment`."""

    request_id: int
    token: str
    media_epoch_ns: int
    next_k: int
    accepted_through: int
    audio_samples: int
    due_ms: int
    jitter_ms: int
    resumed: bool
    configure: bytes = b""
    replay: tuple[Result, ...] = ()  # results the client has not received, oldest first
    voiced_turns: int = 0  # micro-turns of the output track before `replay`
    speaking: tuple[int, ...] = ()  # output tokens since the last silence before `replay`
    lockstep: bool = False
    seat: int = 0  # number of the client in this session


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRejected(ToEdge):
    """limit: the field or limit that bound. code: overloaded | resync_required | unknown_session | invalid_input."""

    request_id: int
    limit: str
    reason: str
    retry_after_ms: int = 0
    code: str = "overloaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedThrough(ToEdge):
    through: int
    audio_samples: int
    volatile: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed(ToEdge):
    """Input of from_k … to_k (inclusive) will not be taken any more; chunks for it are too late."""

    from_k: int
    to_k: int
    reason: str  # late | detached


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlEffective(ToEdge):
    control_id: str
    seq: int
    tick: int
    k: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(ToEdge):
    """code: closed | idle | max_duration | detached | deleted | fenced | resync_required | internal."""

    reason: str
    micro_turns: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded(ToEdge):
    """Goes to the attachment that lost the session; `attachment` is the old one."""


EdgeOut: TypeAlias = (
    OpenGranted | OpenRejected | Result | AcceptedThrough | Sealed | ControlEffective | SessionEnded | Superseded
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalWrite:
    """Records index … index+len-1 of a session. Idempotent: records the store already has are skipped.

    Every write is answered by one JournalOutcome, in order. drop_below: older records are no longer needed.
    meta: not empty in the first writes of an owner, kept beside the records.
    """

    session: str
    tenant: str
    epoch: int
    index: int
    records: tuple[bytes, ...]
    drop_below: int = 0
    meta: bytes = b""
    last: bool = False  # the session has ended
    heard: tuple[Heard, ...] = ()  # goes along, whatever becomes of the records; what the store has is skipped
    heard_most: int = 0  # pieces that are kept


Command: TypeAlias = EdgeOut | JournalWrite | SlotWork
