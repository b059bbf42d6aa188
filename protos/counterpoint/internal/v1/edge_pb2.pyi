from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EdgeUp(_message.Message):
    __slots__ = ("session", "epoch", "attachment", "hello", "open", "reattach", "turn", "control", "played", "detach", "close", "heartbeat", "slip", "probe", "heard", "more")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENT_FIELD_NUMBER: _ClassVar[int]
    HELLO_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    REATTACH_FIELD_NUMBER: _ClassVar[int]
    TURN_FIELD_NUMBER: _ClassVar[int]
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    PLAYED_FIELD_NUMBER: _ClassVar[int]
    DETACH_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    SLIP_FIELD_NUMBER: _ClassVar[int]
    PROBE_FIELD_NUMBER: _ClassVar[int]
    HEARD_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    session: str
    epoch: int
    attachment: int
    hello: Hello
    open: Open
    reattach: Reattach
    turn: TurnReady
    control: ControlIn
    played: Played
    detach: Detach
    close: CloseSession
    heartbeat: Heartbeat
    slip: Slip
    probe: Probe
    heard: Heard
    more: _containers.RepeatedCompositeFieldContainer[EdgeUp]
    def __init__(self, session: _Optional[str] = ..., epoch: _Optional[int] = ..., attachment: _Optional[int] = ..., hello: _Optional[_Union[Hello, _Mapping]] = ..., open: _Optional[_Union[Open, _Mapping]] = ..., reattach: _Optional[_Union[Reattach, _Mapping]] = ..., turn: _Optional[_Union[TurnReady, _Mapping]] = ..., control: _Optional[_Union[ControlIn, _Mapping]] = ..., played: _Optional[_Union[Played, _Mapping]] = ..., detach: _Optional[_Union[Detach, _Mapping]] = ..., close: _Optional[_Union[CloseSession, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., slip: _Optional[_Union[Slip, _Mapping]] = ..., probe: _Optional[_Union[Probe, _Mapping]] = ..., heard: _Optional[_Union[Heard, _Mapping]] = ..., more: _Optional[_Iterable[_Union[EdgeUp, _Mapping]]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("ingest", "incarnation")
    INGEST_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    ingest: str
    incarnation: int
    def __init__(self, ingest: _Optional[str] = ..., incarnation: _Optional[int] = ...) -> None: ...

class Open(_message.Message):
    __slots__ = ("configure", "prefix", "request_id")
    CONFIGURE_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    configure: bytes
    prefix: _containers.RepeatedScalarFieldContainer[int]
    request_id: int
    def __init__(self, configure: _Optional[bytes] = ..., prefix: _Optional[_Iterable[int]] = ..., request_id: _Optional[int] = ...) -> None: ...

class Reattach(_message.Message):
    __slots__ = ("token", "received_k", "received_sample", "request_id", "seat", "ring")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_K_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_SAMPLE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SEAT_FIELD_NUMBER: _ClassVar[int]
    RING_FIELD_NUMBER: _ClassVar[int]
    token: str
    received_k: int
    received_sample: int
    request_id: int
    seat: int
    ring: _containers.RepeatedCompositeFieldContainer[TurnResult]
    def __init__(self, token: _Optional[str] = ..., received_k: _Optional[int] = ..., received_sample: _Optional[int] = ..., request_id: _Optional[int] = ..., seat: _Optional[int] = ..., ring: _Optional[_Iterable[_Union[TurnResult, _Mapping]]] = ...) -> None: ...

class TurnReady(_message.Message):
    __slots__ = ("k", "audio", "patches", "num_patches", "text", "gap", "through_seq", "audio_samples", "ready_ns", "stretch_ppm")
    K_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    PATCHES_FIELD_NUMBER: _ClassVar[int]
    NUM_PATCHES_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    THROUGH_SEQ_FIELD_NUMBER: _ClassVar[int]
    AUDIO_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    READY_NS_FIELD_NUMBER: _ClassVar[int]
    STRETCH_PPM_FIELD_NUMBER: _ClassVar[int]
    k: int
    audio: bytes
    patches: bytes
    num_patches: int
    text: _containers.RepeatedScalarFieldContainer[int]
    gap: bool
    through_seq: int
    audio_samples: int
    ready_ns: int
    stretch_ppm: int
    def __init__(self, k: _Optional[int] = ..., audio: _Optional[bytes] = ..., patches: _Optional[bytes] = ..., num_patches: _Optional[int] = ..., text: _Optional[_Iterable[int]] = ..., gap: _Optional[bool] = ..., through_seq: _Optional[int] = ..., audio_samples: _Optional[int] = ..., ready_ns: _Optional[int] = ..., stretch_ppm: _Optional[int] = ...) -> None: ...

class Slip(_message.Message):
    __slots__ = ("k", "inserted")
    K_FIELD_NUMBER: _ClassVar[int]
    INSERTED_FIELD_NUMBER: _ClassVar[int]
    k: int
    inserted: bool
    def __init__(self, k: _Optional[int] = ..., inserted: _Optional[bool] = ...) -> None: ...

class ControlIn(_message.Message):
    __slots__ = ("seq", "control_id", "kind", "prefix")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    CONTROL_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    seq: int
    control_id: str
    kind: str
    prefix: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, seq: _Optional[int] = ..., control_id: _Optional[str] = ..., kind: _Optional[str] = ..., prefix: _Optional[_Iterable[int]] = ...) -> None: ...

class Played(_message.Message):
    __slots__ = ("k", "sample", "cut")
    K_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    CUT_FIELD_NUMBER: _ClassVar[int]
    k: int
    sample: int
    cut: bool
    def __init__(self, k: _Optional[int] = ..., sample: _Optional[int] = ..., cut: _Optional[bool] = ...) -> None: ...

class Detach(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class CloseSession(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("progress", "sent_ns", "at_ns")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    SENT_NS_FIELD_NUMBER: _ClassVar[int]
    AT_NS_FIELD_NUMBER: _ClassVar[int]
    progress: int
    sent_ns: int
    at_ns: int
    def __init__(self, progress: _Optional[int] = ..., sent_ns: _Optional[int] = ..., at_ns: _Optional[int] = ...) -> None: ...

class Heard(_message.Message):
    __slots__ = ("k", "turns", "opus")
    K_FIELD_NUMBER: _ClassVar[int]
    TURNS_FIELD_NUMBER: _ClassVar[int]
    OPUS_FIELD_NUMBER: _ClassVar[int]
    k: int
    turns: int
    opus: bytes
    def __init__(self, k: _Optional[int] = ..., turns: _Optional[int] = ..., opus: _Optional[bytes] = ...) -> None: ...

class Probe(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: int
    def __init__(self, request_id: _Optional[int] = ...) -> None: ...

class EdgeDown(_message.Message):
    __slots__ = ("session", "epoch", "attachment", "granted", "rejected", "result", "accepted", "sealed", "control", "ended", "superseded", "heartbeat", "going_away", "probed", "more")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENT_FIELD_NUMBER: _ClassVar[int]
    GRANTED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    SEALED_FIELD_NUMBER: _ClassVar[int]
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDED_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    GOING_AWAY_FIELD_NUMBER: _ClassVar[int]
    PROBED_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    session: str
    epoch: int
    attachment: int
    granted: OpenGranted
    rejected: OpenRejected
    result: TurnResult
    accepted: AcceptedThrough
    sealed: Sealed
    control: ControlEffective
    ended: SessionEnded
    superseded: Revoked
    heartbeat: Heartbeat
    going_away: SchedulerGoingAway
    probed: Probed
    more: _containers.RepeatedCompositeFieldContainer[EdgeDown]
    def __init__(self, session: _Optional[str] = ..., epoch: _Optional[int] = ..., attachment: _Optional[int] = ..., granted: _Optional[_Union[OpenGranted, _Mapping]] = ..., rejected: _Optional[_Union[OpenRejected, _Mapping]] = ..., result: _Optional[_Union[TurnResult, _Mapping]] = ..., accepted: _Optional[_Union[AcceptedThrough, _Mapping]] = ..., sealed: _Optional[_Union[Sealed, _Mapping]] = ..., control: _Optional[_Union[ControlEffective, _Mapping]] = ..., ended: _Optional[_Union[SessionEnded, _Mapping]] = ..., superseded: _Optional[_Union[Revoked, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., going_away: _Optional[_Union[SchedulerGoingAway, _Mapping]] = ..., probed: _Optional[_Union[Probed, _Mapping]] = ..., more: _Optional[_Iterable[_Union[EdgeDown, _Mapping]]] = ...) -> None: ...

class OpenGranted(_message.Message):
    __slots__ = ("request_id", "token", "media_epoch_ns", "next_k", "accepted_through", "audio_samples", "due_ms", "jitter_ms", "resumed", "configure", "replay", "voiced_samples", "speaking", "lockstep", "checkpoint", "seat")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    MEDIA_EPOCH_NS_FIELD_NUMBER: _ClassVar[int]
    NEXT_K_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_THROUGH_FIELD_NUMBER: _ClassVar[int]
    AUDIO_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    DUE_MS_FIELD_NUMBER: _ClassVar[int]
    JITTER_MS_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    CONFIGURE_FIELD_NUMBER: _ClassVar[int]
    REPLAY_FIELD_NUMBER: _ClassVar[int]
    VOICED_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    SPEAKING_FIELD_NUMBER: _ClassVar[int]
    LOCKSTEP_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    SEAT_FIELD_NUMBER: _ClassVar[int]
    request_id: int
    token: str
    media_epoch_ns: int
    next_k: int
    accepted_through: int
    audio_samples: int
    due_ms: int
    jitter_ms: int
    resumed: bool
    configure: bytes
    replay: _containers.RepeatedCompositeFieldContainer[TurnResult]
    voiced_samples: int
    speaking: _containers.RepeatedScalarFieldContainer[int]
    lockstep: bool
    checkpoint: str
    seat: int
    def __init__(self, request_id: _Optional[int] = ..., token: _Optional[str] = ..., media_epoch_ns: _Optional[int] = ..., next_k: _Optional[int] = ..., accepted_through: _Optional[int] = ..., audio_samples: _Optional[int] = ..., due_ms: _Optional[int] = ..., jitter_ms: _Optional[int] = ..., resumed: _Optional[bool] = ..., configure: _Optional[bytes] = ..., replay: _Optional[_Iterable[_Union[TurnResult, _Mapping]]] = ..., voiced_samples: _Optional[int] = ..., speaking: _Optional[_Iterable[int]] = ..., lockstep: _Optional[bool] = ..., checkpoint: _Optional[str] = ..., seat: _Optional[int] = ...) -> None: ...

class OpenRejected(_message.Message):
    __slots__ = ("request_id", "limit", "reason", "retry_after_ms", "code")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    request_id: int
    limit: str
    reason: str
    retry_after_ms: int
    code: str
    def __init__(self, request_id: _Optional[int] = ..., limit: _Optional[str] = ..., reason: _Optional[str] = ..., retry_after_ms: _Optional[int] = ..., code: _Optional[str] = ...) -> None: ...

class TurnResult(_message.Message):
    __slots__ = ("k", "tick", "timing", "degradations", "tokens", "events", "due_ns", "cutoff_ns", "queue_ns", "engine_ns", "expert_ns", "passes", "expert_calls", "context_tokens", "shards_used")
    K_FIELD_NUMBER: _ClassVar[int]
    TICK_FIELD_NUMBER: _ClassVar[int]
    TIMING_FIELD_NUMBER: _ClassVar[int]
    DEGRADATIONS_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    DUE_NS_FIELD_NUMBER: _ClassVar[int]
    CUTOFF_NS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_NS_FIELD_NUMBER: _ClassVar[int]
    ENGINE_NS_FIELD_NUMBER: _ClassVar[int]
    EXPERT_NS_FIELD_NUMBER: _ClassVar[int]
    PASSES_FIELD_NUMBER: _ClassVar[int]
    EXPERT_CALLS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SHARDS_USED_FIELD_NUMBER: _ClassVar[int]
    k: int
    tick: int
    timing: str
    degradations: _containers.RepeatedScalarFieldContainer[str]
    tokens: _containers.RepeatedScalarFieldContainer[int]
    events: _containers.RepeatedScalarFieldContainer[str]
    due_ns: int
    cutoff_ns: int
    queue_ns: int
    engine_ns: int
    expert_ns: int
    passes: int
    expert_calls: int
    context_tokens: int
    shards_used: int
    def __init__(self, k: _Optional[int] = ..., tick: _Optional[int] = ..., timing: _Optional[str] = ..., degradations: _Optional[_Iterable[str]] = ..., tokens: _Optional[_Iterable[int]] = ..., events: _Optional[_Iterable[str]] = ..., due_ns: _Optional[int] = ..., cutoff_ns: _Optional[int] = ..., queue_ns: _Optional[int] = ..., engine_ns: _Optional[int] = ..., expert_ns: _Optional[int] = ..., passes: _Optional[int] = ..., expert_calls: _Optional[int] = ..., context_tokens: _Optional[int] = ..., shards_used: _Optional[int] = ...) -> None: ...

class AcceptedThrough(_message.Message):
    __slots__ = ("through", "audio_samples", "volatile")
    THROUGH_FIELD_NUMBER: _ClassVar[int]
    AUDIO_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    VOLATILE_FIELD_NUMBER: _ClassVar[int]
    through: int
    audio_samples: int
    volatile: bool
    def __init__(self, through: _Optional[int] = ..., audio_samples: _Optional[int] = ..., volatile: _Optional[bool] = ...) -> None: ...

class Sealed(_message.Message):
    __slots__ = ("from_k", "to_k", "reason")
    FROM_K_FIELD_NUMBER: _ClassVar[int]
    TO_K_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    from_k: int
    to_k: int
    reason: str
    def __init__(self, from_k: _Optional[int] = ..., to_k: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class ControlEffective(_message.Message):
    __slots__ = ("control_id", "seq", "tick", "k")
    CONTROL_ID_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    TICK_FIELD_NUMBER: _ClassVar[int]
    K_FIELD_NUMBER: _ClassVar[int]
    control_id: str
    seq: int
    tick: int
    k: int
    def __init__(self, control_id: _Optional[str] = ..., seq: _Optional[int] = ..., tick: _Optional[int] = ..., k: _Optional[int] = ...) -> None: ...

class SessionEnded(_message.Message):
    __slots__ = ("reason", "micro_turns", "code")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MICRO_TURNS_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    reason: str
    micro_turns: int
    code: str
    def __init__(self, reason: _Optional[str] = ..., micro_turns: _Optional[int] = ..., code: _Optional[str] = ...) -> None: ...

class Revoked(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Probed(_message.Message):
    __slots__ = ("request_id", "full")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    FULL_FIELD_NUMBER: _ClassVar[int]
    request_id: int
    full: bool
    def __init__(self, request_id: _Optional[int] = ..., full: _Optional[bool] = ...) -> None: ...

class SchedulerGoingAway(_message.Message):
    __slots__ = ("in_ms", "reason")
    IN_MS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    in_ms: int
    reason: str
    def __init__(self, in_ms: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...
