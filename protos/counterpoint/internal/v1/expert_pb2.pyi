from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExpertUp(_message.Message):
    __slots__ = ("call", "probe")
    CALL_FIELD_NUMBER: _ClassVar[int]
    PROBE_FIELD_NUMBER: _ClassVar[int]
    call: ExpertCallUp
    probe: ExpertProbe
    def __init__(self, call: _Optional[_Union[ExpertCallUp, _Mapping]] = ..., probe: _Optional[_Union[ExpertProbe, _Mapping]] = ...) -> None: ...

class ExpertDown(_message.Message):
    __slots__ = ("answer", "refusal", "probe")
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    PROBE_FIELD_NUMBER: _ClassVar[int]
    answer: ExpertAnswer
    refusal: ExpertRefusal
    probe: ExpertProbe
    def __init__(self, answer: _Optional[_Union[ExpertAnswer, _Mapping]] = ..., refusal: _Optional[_Union[ExpertRefusal, _Mapping]] = ..., probe: _Optional[_Union[ExpertProbe, _Mapping]] = ...) -> None: ...

class ExpertCallUp(_message.Message):
    __slots__ = ("call_id", "placement_epoch", "tick", "pass_index", "layer", "attempt", "experts", "rows", "trace")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_EPOCH_FIELD_NUMBER: _ClassVar[int]
    TICK_FIELD_NUMBER: _ClassVar[int]
    PASS_INDEX_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    EXPERTS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    TRACE_FIELD_NUMBER: _ClassVar[int]
    call_id: int
    placement_epoch: int
    tick: int
    pass_index: int
    layer: int
    attempt: int
    experts: _containers.RepeatedScalarFieldContainer[int]
    rows: Rows
    trace: bytes
    def __init__(self, call_id: _Optional[int] = ..., placement_epoch: _Optional[int] = ..., tick: _Optional[int] = ..., pass_index: _Optional[int] = ..., layer: _Optional[int] = ..., attempt: _Optional[int] = ..., experts: _Optional[_Iterable[int]] = ..., rows: _Optional[_Union[Rows, _Mapping]] = ..., trace: _Optional[bytes] = ...) -> None: ...

class ExpertAnswer(_message.Message):
    __slots__ = ("call_id", "rows")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    call_id: int
    rows: Rows
    def __init__(self, call_id: _Optional[int] = ..., rows: _Optional[_Union[Rows, _Mapping]] = ...) -> None: ...

class ExpertRefusal(_message.Message):
    __slots__ = ("call_id", "field", "message")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    call_id: int
    field: str
    message: str
    def __init__(self, call_id: _Optional[int] = ..., field: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class ExpertProbe(_message.Message):
    __slots__ = ("sent_ns", "progress")
    SENT_NS_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    sent_ns: int
    progress: int
    def __init__(self, sent_ns: _Optional[int] = ..., progress: _Optional[int] = ...) -> None: ...

class Rows(_message.Message):
    __slots__ = ("dtype", "shape", "data")
    class Dtype(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        DTYPE_UNSPECIFIED: _ClassVar[Rows.Dtype]
        DTYPE_F32: _ClassVar[Rows.Dtype]
        DTYPE_BF16: _ClassVar[Rows.Dtype]
    DTYPE_UNSPECIFIED: Rows.Dtype
    DTYPE_F32: Rows.Dtype
    DTYPE_BF16: Rows.Dtype
    DTYPE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    dtype: Rows.Dtype
    shape: _containers.RepeatedScalarFieldContainer[int]
    data: bytes
    def __init__(self, dtype: _Optional[_Union[Rows.Dtype, str]] = ..., shape: _Optional[_Iterable[int]] = ..., data: _Optional[bytes] = ...) -> None: ...

class DescribeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeReply(_message.Message):
    __slots__ = ("num_layers", "hidden_size", "experts", "weights_sha256", "dtype", "deterministic", "placement_epoch", "progress", "pid")
    NUM_LAYERS_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_SIZE_FIELD_NUMBER: _ClassVar[int]
    EXPERTS_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_SHA256_FIELD_NUMBER: _ClassVar[int]
    DTYPE_FIELD_NUMBER: _ClassVar[int]
    DETERMINISTIC_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_EPOCH_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    num_layers: int
    hidden_size: int
    experts: _containers.RepeatedScalarFieldContainer[int]
    weights_sha256: str
    dtype: Rows.Dtype
    deterministic: bool
    placement_epoch: int
    progress: int
    pid: int
    def __init__(self, num_layers: _Optional[int] = ..., hidden_size: _Optional[int] = ..., experts: _Optional[_Iterable[int]] = ..., weights_sha256: _Optional[str] = ..., dtype: _Optional[_Union[Rows.Dtype, str]] = ..., deterministic: _Optional[bool] = ..., placement_epoch: _Optional[int] = ..., progress: _Optional[int] = ..., pid: _Optional[int] = ...) -> None: ...
