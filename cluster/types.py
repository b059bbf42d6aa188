"""Words every part of the cluster shares: bytes and integers, no tensors, no clocks, no I/O.

Time is integer nanoseconds of the actor's own monotonic clock (`_ns`) or integer milliseconds of media (`_ms`).
`k` counts a session's micro-turns, `n` an engine's ticks, `epoch` is a fencing number: higher wins.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

MICRO_TURN_MS = 200
MAX_COALESCED = 3  # micro-turns one tick may carry for one session (DESIGN.md section 5)


class Timing(StrEnum):
    """How the result of a micro-turn left: exactly one per k."""

    ON_TIME = "on_time"
    LATE = "late"
    SKIPPED = "skipped"
    COALESCED = "coalesced"


class Degradation(StrEnum):
    """What a result lacks, apart from its timing."""

    INPUT_MISSING = "input_missing"  # sealed as flagged silence
    EXPERT_DROPPED = "expert_dropped"
    OUTPUT_TRUNCATED = "output_truncated"  # fewer passes than the checkpoint allows
    VIDEO_THINNED = "video_thinned"
    VOLATILE = "volatile"  # the journal is unreachable; accepted input is held in memory only
    RECONSTRUCTED = "reconstructed"


class MissCause(StrEnum):
    """Why a result was not out by its due time."""

    INPUT = "input"  # the client's media came late or never
    INGEST = "ingest"  # it came in time and was handed over late
    QUEUE = "queue"  # the scheduler had it and its tick did not begin
    ENGINE = "engine"
    EXPERTS = "experts"
    VOICE = "voice"
    STORE = "store"
    TAKEOVER = "takeover"
    EGRESS = "egress"  # and whatever no stage accounts for


class ModelEvent(StrEnum):
    """Control tokens a checkpoint may emit; never voiced."""

    KEEP = "keep"
    RELEASE = "release"
    DELEGATE = "delegate"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroTurn:
    """Input of one micro-turn, ready for the model.

    audio: dMel codes, uint8, row-major [context_frames + frames, n_mels]; the first `context_frames` repeat the
    end of micro-turn k-1, so that a micro-turn can be embedded without its neighbour. Empty: no audio track.
    patches: uint8, row-major [num_patches, patch_bytes]. text: token ids. since_output: micro-turns since the session
    last had output, or since it began; since_kept: since its newest standing request was kept, 0 where none stands.
    The scheduler sets both when a micro-turn enters.
    """

    k: int
    audio: bytes = b""
    patches: bytes = b""
    num_patches: int = 0
    text: tuple[int, ...] = ()
    gap: bool = False  # media never arrived; audio is flagged silence
    since_output: int = 0
    since_kept: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextTurn:
    """A micro-turn as it stands in a context: its input and the output emitted for it, without the final sil."""

    turn: MicroTurn
    out: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefill:
    """Context appended to a slot without output. Items must be in context order; `index` is the place of the first one.

    `index` counts micro-turns from the start of the slot's context (pins first, then the tail), which fixes their
    positions. `prefix` is given once, with index 0.
    """

    slot: int
    reset: bool = False  # start the slot's context anew with this prefill
    prefix: tuple[int, ...] = ()
    index: int = 0
    items: tuple[ContextTurn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotWork:
    """What one session does in one tick, in this order: swap, prefill of the shadow slot, live micro-turns."""

    session: str
    epoch: int
    slot: int  # the live slot, after any swap
    turns: tuple[MicroTurn, ...] = ()  # 0..MAX_COALESCED, ascending k; only the last one may speak
    max_passes: int = 1  # forward passes granted: 1 is the mandatory one, more let the output grow
    goes_on: bool = False  # the output before was cut off: what would have followed is said by the last of `turns`
    prefills: tuple[Prefill, ...] = ()
    free: tuple[int, ...] = ()  # slots whose KV is given back before anything else
    temperature: float = 0.0  # 0: greedy
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TickBatch:
    n: int
    engine_epoch: int
    work: tuple[SlotWork, ...]
    deadline_ns: int = 0  # when the last result should be ready; 0: none (virtual clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOutput:
    """Output of one micro-turn: token ids without the final sil, in the order emitted."""

    k: int
    tokens: tuple[int, ...] = ()
    passes: int = 0
    truncated: bool = False  # max_passes ended before the model chose silence


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotResult:
    session: str
    epoch: int
    outputs: tuple[TurnOutput, ...]  # one per turn of the work
    context_tokens: int = 0  # rows of KV the live slot holds now
    degradations: tuple[Degradation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    n: int
    engine_epoch: int
    results: tuple[SlotResult, ...]
    engine_ns: int = 0  # wall time inside the engine
    expert_ns: int = 0  # of which waiting for experts
    passes: int = 0
    expert_calls: int = 0  # made, apart from those made again
    shards_used: int = 0  # shards that had rows, over layers and passes
    reissued_calls: int = 0  # made again elsewhere, because one was not answered
    rejected: tuple[str, ...] = ()  # sessions refused because their epoch or slot was stale


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What a session could do in a tick, for the planner to weigh. tier: priority | standard | best_effort."""

    session: str
    tier: str = "standard"
    turns: int = 0
    rows: int = 0  # of those micro-turns
    prefill_turns: int = 0  # left of a context in the making, or of one that may be begun
    begun: bool = True
    rows_per_turn: int = 4
    blocked: bool = False  # nothing runs before that context is made
    ticks_left: int = 1  # in which it should be done, its window being full then
    ticks_most: int = 1  # in which it has to be done, whatever else waits for it


class Dtype(StrEnum):
    F32 = "f32"
    BF16 = "bf16"
    I32 = "i32"
    U8 = "u8"


DTYPE_BYTES = {Dtype.F32: 4, Dtype.BF16: 2, Dtype.I32: 4, Dtype.U8: 1}


@dataclass(frozen=True, slots=True)
class TensorFrame:
    """A tensor as it crosses a process border: little-endian, row-major."""

    dtype: Dtype
    shape: tuple[int, ...]
    data: bytes | memoryview


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertCall:
    """Rows for the experts of one shard. One row per (token, expert) pair.

    rows: [R, D]; experts: ascending expert id of each row. The answer is [R, D] in the same order, unweighted.
    """

    placement_epoch: int
    tick: int
    pass_index: int
    layer: int
    attempt: int
    experts: tuple[int, ...]
    rows: TensorFrame


class ExpertTransport(Protocol):
    """Carries calls to expert shards on its own thread. `call` never blocks; the future raises ExpertUnavailable."""

    def call(self, shard: int, call: ExpertCall, deadline_ns: int) -> Future[TensorFrame]: ...

    def suspect(self, shard: int) -> None:
        """Report a missed deadline; the transport probes the shard outside the step until it answers."""

    def healthy(self) -> frozenset[int]:
        """Shards that may be called now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Which shards hold each expert: replicas[expert] is a tuple of shard ids, the preferred one first."""

    epoch: int
    replicas: tuple[tuple[int, ...], ...]

    def num_shards(self) -> int:
        return 1 + max(shard for shards in self.replicas for shard in shards)


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What a recorded step depends on; `replay --model` refuses where one differs."""

    weights_sha256: str
    torch: str
    isa: str
    dtype: str
    deterministic: bool
    extra: dict[str, str] = field(default_factory=dict)
