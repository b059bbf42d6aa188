from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EngineUp(_message.Message):
    __slots__ = ("batch", "probe")
    BATCH_FIELD_NUMBER: _ClassVar[int]
    PROBE_FIELD_NUMBER: _ClassVar[int]
    batch: Batch
    probe: EngineProbe
    def __init__(self, batch: _Optional[_Union[Batch, _Mapping]] = ..., probe: _Optional[_Union[EngineProbe, _Mapping]] = ...) -> None: ...

class EngineDown(_message.Message):
    __slots__ = ("hello", "step", "probe", "error")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    PROBE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    hello: EngineHello
    step: Step
    probe: EngineProbe
    error: EngineError
    def __init__(self, hello: _Optional[_Union[EngineHello, _Mapping]] = ..., step: _Optional[_Union[Step, _Mapping]] = ..., probe: _Optional[_Union[EngineProbe, _Mapping]] = ..., error: _Optional[_Union[EngineError, _Mapping]] = ...) -> None: ...

class EngineHello(_message.Message):
    __slots__ = ("checkpoint", "versions_json", "config_json", "num_slots", "pages_free", "pid", "engine_epoch")
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_JSON_FIELD_NUMBER: _ClassVar[int]
    CONFIG_JSON_FIELD_NUMBER: _ClassVar[int]
    NUM_SLOTS_FIELD_NUMBER: _ClassVar[int]
    PAGES_FREE_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    ENGINE_EPOCH_FIELD_NUMBER: _ClassVar[int]
    checkpoint: str
    versions_json: str
    config_json: str
    num_slots: int
    pages_free: int
    pid: int
    engine_epoch: int
    def __init__(self, checkpoint: _Optional[str] = ..., versions_json: _Optional[str] = ..., config_json: _Optional[str] = ..., num_slots: _Optional[int] = ..., pages_free: _Optional[int] = ..., pid: _Optional[int] = ..., engine_epoch: _Optional[int] = ...) -> None: ...

class EngineProbe(_message.Message):
    __slots__ = ("sent_ns", "progress", "at_ns")
    SENT_NS_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    AT_NS_FIELD_NUMBER: _ClassVar[int]
    sent_ns: int
    progress: int
    at_ns: int
    def __init__(self, sent_ns: _Optional[int] = ..., progress: _Optional[int] = ..., at_ns: _Optional[int] = ...) -> None: ...

class EngineError(_message.Message):
    __slots__ = ("n", "message")
    N_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    n: int
    message: str
    def __init__(self, n: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...

class Turn(_message.Message):
    __slots__ = ("k", "audio", "patches", "num_patches", "text", "gap", "since_output", "since_kept")
    K_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    PATCHES_FIELD_NUMBER: _ClassVar[int]
    NUM_PATCHES_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    SINCE_OUTPUT_FIELD_NUMBER: _ClassVar[int]
    SINCE_KEPT_FIELD_NUMBER: _ClassVar[int]
    k: int
    audio: bytes
    patches: bytes
    num_patches: int
    text: _containers.RepeatedScalarFieldContainer[int]
    gap: bool
    since_output: int
    since_kept: int
    def __init__(self, k: _Optional[int] = ..., audio: _Optional[bytes] = ..., patches: _Optional[bytes] = ..., num_patches: _Optional[int] = ..., text: _Optional[_Iterable[int]] = ..., gap: _Optional[bool] = ..., since_output: _Optional[int] = ..., since_kept: _Optional[int] = ...) -> None: ...

class ContextItem(_message.Message):
    __slots__ = ("turn", "out")
    TURN_FIELD_NUMBER: _ClassVar[int]
    OUT_FIELD_NUMBER: _ClassVar[int]
    turn: Turn
    out: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, turn: _Optional[_Union[Turn, _Mapping]] = ..., out: _Optional[_Iterable[int]] = ...) -> None: ...

class PrefillRun(_message.Message):
    __slots__ = ("slot", "reset", "prefix", "index", "items")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    RESET_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    slot: int
    reset: bool
    prefix: _containers.RepeatedScalarFieldContainer[int]
    index: int
    items: _containers.RepeatedCompositeFieldContainer[ContextItem]
    def __init__(self, slot: _Optional[int] = ..., reset: _Optional[bool] = ..., prefix: _Optional[_Iterable[int]] = ..., index: _Optional[int] = ..., items: _Optional[_Iterable[_Union[ContextItem, _Mapping]]] = ...) -> None: ...

class Work(_message.Message):
    __slots__ = ("session", "epoch", "slot", "turns", "max_passes", "prefills", "free", "temperature", "seed", "goes_on")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SLOT_FIELD_NUMBER: _ClassVar[int]
    TURNS_FIELD_NUMBER: _ClassVar[int]
    MAX_PASSES_FIELD_NUMBER: _ClassVar[int]
    PREFILLS_FIELD_NUMBER: _ClassVar[int]
    FREE_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    GOES_ON_FIELD_NUMBER: _ClassVar[int]
    session: str
    epoch: int
    slot: int
    turns: _containers.RepeatedCompositeFieldContainer[Turn]
    max_passes: int
    prefills: _containers.RepeatedCompositeFieldContainer[PrefillRun]
    free: _containers.RepeatedScalarFieldContainer[int]
    temperature: float
    seed: int
    goes_on: bool
    def __init__(self, session: _Optional[str] = ..., epoch: _Optional[int] = ..., slot: _Optional[int] = ..., turns: _Optional[_Iterable[_Union[Turn, _Mapping]]] = ..., max_passes: _Optional[int] = ..., prefills: _Optional[_Iterable[_Union[PrefillRun, _Mapping]]] = ..., free: _Optional[_Iterable[int]] = ..., temperature: _Optional[float] = ..., seed: _Optional[int] = ..., goes_on: _Optional[bool] = ...) -> None: ...

class Batch(_message.Message):
    __slots__ = ("n", "engine_epoch", "work", "deadline_ns")
    N_FIELD_NUMBER: _ClassVar[int]
    ENGINE_EPOCH_FIELD_NUMBER: _ClassVar[int]
    WORK_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_NS_FIELD_NUMBER: _ClassVar[int]
    n: int
    engine_epoch: int
    work: _containers.RepeatedCompositeFieldContainer[Work]
    deadline_ns: int
    def __init__(self, n: _Optional[int] = ..., engine_epoch: _Optional[int] = ..., work: _Optional[_Iterable[_Union[Work, _Mapping]]] = ..., deadline_ns: _Optional[int] = ...) -> None: ...

class Output(_message.Message):
    __slots__ = ("k", "tokens", "passes", "truncated")
    K_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    PASSES_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    k: int
    tokens: _containers.RepeatedScalarFieldContainer[int]
    passes: int
    truncated: bool
    def __init__(self, k: _Optional[int] = ..., tokens: _Optional[_Iterable[int]] = ..., passes: _Optional[int] = ..., truncated: _Optional[bool] = ...) -> None: ...

class WorkResult(_message.Message):
    __slots__ = ("session", "epoch", "outputs", "context_tokens", "degradations")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    DEGRADATIONS_FIELD_NUMBER: _ClassVar[int]
    session: str
    epoch: int
    outputs: _containers.RepeatedCompositeFieldContainer[Output]
    context_tokens: int
    degradations: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, session: _Optional[str] = ..., epoch: _Optional[int] = ..., outputs: _Optional[_Iterable[_Union[Output, _Mapping]]] = ..., context_tokens: _Optional[int] = ..., degradations: _Optional[_Iterable[str]] = ...) -> None: ...

class Step(_message.Message):
    __slots__ = ("n", "engine_epoch", "results", "engine_ns", "expert_ns", "passes", "expert_calls", "rejected", "shards_used", "reissued_calls")
    N_FIELD_NUMBER: _ClassVar[int]
    ENGINE_EPOCH_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    ENGINE_NS_FIELD_NUMBER: _ClassVar[int]
    EXPERT_NS_FIELD_NUMBER: _ClassVar[int]
    PASSES_FIELD_NUMBER: _ClassVar[int]
    EXPERT_CALLS_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    SHARDS_USED_FIELD_NUMBER: _ClassVar[int]
    REISSUED_CALLS_FIELD_NUMBER: _ClassVar[int]
    n: int
    engine_epoch: int
    results: _containers.RepeatedCompositeFieldContainer[WorkResult]
    engine_ns: int
    expert_ns: int
    passes: int
    expert_calls: int
    rejected: _containers.RepeatedScalarFieldContainer[str]
    shards_used: int
    reissued_calls: int
    def __init__(self, n: _Optional[int] = ..., engine_epoch: _Optional[int] = ..., results: _Optional[_Iterable[_Union[WorkResult, _Mapping]]] = ..., engine_ns: _Optional[int] = ..., expert_ns: _Optional[int] = ..., passes: _Optional[int] = ..., expert_calls: _Optional[int] = ..., rejected: _Optional[_Iterable[str]] = ..., shards_used: _Optional[int] = ..., reissued_calls: _Optional[int] = ...) -> None: ...
