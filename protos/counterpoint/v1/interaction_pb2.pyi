from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Tier(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIER_UNSPECIFIED: _ClassVar[Tier]
    TIER_STANDARD: _ClassVar[Tier]
    TIER_PRIORITY: _ClassVar[Tier]
    TIER_BEST_EFFORT: _ClassVar[Tier]

class HistoryPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HISTORY_POLICY_UNSPECIFIED: _ClassVar[HistoryPolicy]
    HISTORY_POLICY_KEEP: _ClassVar[HistoryPolicy]
    HISTORY_POLICY_DROP: _ClassVar[HistoryPolicy]

class AudioCodec(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AUDIO_CODEC_UNSPECIFIED: _ClassVar[AudioCodec]
    AUDIO_CODEC_PCM_S16LE: _ClassVar[AudioCodec]
    AUDIO_CODEC_OPUS: _ClassVar[AudioCodec]

class VideoCodec(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VIDEO_CODEC_UNSPECIFIED: _ClassVar[VideoCodec]
    VIDEO_CODEC_JPEG: _ClassVar[VideoCodec]
    VIDEO_CODEC_PNG: _ClassVar[VideoCodec]

class Track(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRACK_UNSPECIFIED: _ClassVar[Track]
    TRACK_AUDIO: _ClassVar[Track]
    TRACK_VIDEO: _ClassVar[Track]
    TRACK_TEXT: _ClassVar[Track]

class Timing(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIMING_UNSPECIFIED: _ClassVar[Timing]
    TIMING_ON_TIME: _ClassVar[Timing]
    TIMING_LATE: _ClassVar[Timing]
    TIMING_SKIPPED: _ClassVar[Timing]
    TIMING_COALESCED: _ClassVar[Timing]

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_GAP_FILLED: _ClassVar[Outcome]
    OUTCOME_TOO_LATE: _ClassVar[Outcome]
    OUTCOME_DUPLICATE: _ClassVar[Outcome]
    OUTCOME_OVERLAP_REFUSED: _ClassVar[Outcome]
    OUTCOME_TOO_EARLY: _ClassVar[Outcome]
    OUTCOME_UNDECODABLE: _ClassVar[Outcome]
TIER_UNSPECIFIED: Tier
TIER_STANDARD: Tier
TIER_PRIORITY: Tier
TIER_BEST_EFFORT: Tier
HISTORY_POLICY_UNSPECIFIED: HistoryPolicy
HISTORY_POLICY_KEEP: HistoryPolicy
HISTORY_POLICY_DROP: HistoryPolicy
AUDIO_CODEC_UNSPECIFIED: AudioCodec
AUDIO_CODEC_PCM_S16LE: AudioCodec
AUDIO_CODEC_OPUS: AudioCodec
VIDEO_CODEC_UNSPECIFIED: VideoCodec
VIDEO_CODEC_JPEG: VideoCodec
VIDEO_CODEC_PNG: VideoCodec
TRACK_UNSPECIFIED: Track
TRACK_AUDIO: Track
TRACK_VIDEO: Track
TRACK_TEXT: Track
TIMING_UNSPECIFIED: Timing
TIMING_ON_TIME: Timing
TIMING_LATE: Timing
TIMING_SKIPPED: Timing
TIMING_COALESCED: Timing
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_GAP_FILLED: Outcome
OUTCOME_TOO_LATE: Outcome
OUTCOME_DUPLICATE: Outcome
OUTCOME_OVERLAP_REFUSED: Outcome
OUTCOME_TOO_EARLY: Outcome
OUTCOME_UNDECODABLE: Outcome

class SessionRef(_message.Message):
    __slots__ = ("session_id", "token")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    token: str
    def __init__(self, session_id: _Optional[str] = ..., token: _Optional[str] = ...) -> None: ...

class ExportPart(_message.Message):
    __slots__ = ("name", "data")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    name: str
    data: bytes
    def __init__(self, name: _Optional[str] = ..., data: _Optional[bytes] = ...) -> None: ...

class SessionDeleted(_message.Message):
    __slots__ = ("found",)
    FOUND_FIELD_NUMBER: _ClassVar[int]
    found: bool
    def __init__(self, found: _Optional[bool] = ...) -> None: ...

class InteractRequest(_message.Message):
    __slots__ = ("seq", "configure", "resume", "audio", "video", "text", "playback", "control", "dropped", "close")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    CONFIGURE_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    PLAYBACK_FIELD_NUMBER: _ClassVar[int]
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    seq: int
    configure: Configure
    resume: Resume
    audio: AudioChunk
    video: VideoFrame
    text: TextChunk
    playback: PlaybackReport
    control: Control
    dropped: Dropped
    close: Close
    def __init__(self, seq: _Optional[int] = ..., configure: _Optional[_Union[Configure, _Mapping]] = ..., resume: _Optional[_Union[Resume, _Mapping]] = ..., audio: _Optional[_Union[AudioChunk, _Mapping]] = ..., video: _Optional[_Union[VideoFrame, _Mapping]] = ..., text: _Optional[_Union[TextChunk, _Mapping]] = ..., playback: _Optional[_Union[PlaybackReport, _Mapping]] = ..., control: _Optional[_Union[Control, _Mapping]] = ..., dropped: _Optional[_Union[Dropped, _Mapping]] = ..., close: _Optional[_Union[Close, _Mapping]] = ...) -> None: ...

class Configure(_message.Message):
    __slots__ = ("tenant", "tier", "audio_in", "video_in", "audio_out", "instructions", "due_ms", "lockstep", "sampling", "labels", "history")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TENANT_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    AUDIO_IN_FIELD_NUMBER: _ClassVar[int]
    VIDEO_IN_FIELD_NUMBER: _ClassVar[int]
    AUDIO_OUT_FIELD_NUMBER: _ClassVar[int]
    INSTRUCTIONS_FIELD_NUMBER: _ClassVar[int]
    DUE_MS_FIELD_NUMBER: _ClassVar[int]
    LOCKSTEP_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    tier: Tier
    audio_in: AudioInput
    video_in: VideoInput
    audio_out: AudioOutput
    instructions: str
    due_ms: int
    lockstep: bool
    sampling: Sampling
    labels: _containers.ScalarMap[str, str]
    history: HistoryPolicy
    def __init__(self, tenant: _Optional[str] = ..., tier: _Optional[_Union[Tier, str]] = ..., audio_in: _Optional[_Union[AudioInput, _Mapping]] = ..., video_in: _Optional[_Union[VideoInput, _Mapping]] = ..., audio_out: _Optional[_Union[AudioOutput, _Mapping]] = ..., instructions: _Optional[str] = ..., due_ms: _Optional[int] = ..., lockstep: _Optional[bool] = ..., sampling: _Optional[_Union[Sampling, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., history: _Optional[_Union[HistoryPolicy, str]] = ...) -> None: ...

class AudioInput(_message.Message):
    __slots__ = ("codec", "sample_rate_hz", "channels")
    CODEC_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    codec: AudioCodec
    sample_rate_hz: int
    channels: int
    def __init__(self, codec: _Optional[_Union[AudioCodec, str]] = ..., sample_rate_hz: _Optional[int] = ..., channels: _Optional[int] = ...) -> None: ...

class VideoInput(_message.Message):
    __slots__ = ("codec",)
    CODEC_FIELD_NUMBER: _ClassVar[int]
    codec: VideoCodec
    def __init__(self, codec: _Optional[_Union[VideoCodec, str]] = ...) -> None: ...

class AudioOutput(_message.Message):
    __slots__ = ("codec", "sample_rate_hz")
    CODEC_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    codec: AudioCodec
    sample_rate_hz: int
    def __init__(self, codec: _Optional[_Union[AudioCodec, str]] = ..., sample_rate_hz: _Optional[int] = ...) -> None: ...

class Sampling(_message.Message):
    __slots__ = ("temperature", "seed")
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    temperature: float
    seed: int
    def __init__(self, temperature: _Optional[float] = ..., seed: _Optional[int] = ...) -> None: ...

class Resume(_message.Message):
    __slots__ = ("session_id", "token", "received_k", "received_sample")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_K_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_SAMPLE_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    token: str
    received_k: int
    received_sample: int
    def __init__(self, session_id: _Optional[str] = ..., token: _Optional[str] = ..., received_k: _Optional[int] = ..., received_sample: _Optional[int] = ...) -> None: ...

class AudioChunk(_message.Message):
    __slots__ = ("media_time", "data")
    MEDIA_TIME_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    media_time: int
    data: bytes
    def __init__(self, media_time: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class VideoFrame(_message.Message):
    __slots__ = ("media_time_ms", "data")
    MEDIA_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    media_time_ms: int
    data: bytes
    def __init__(self, media_time_ms: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class TextChunk(_message.Message):
    __slots__ = ("media_time_ms", "text")
    MEDIA_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    media_time_ms: int
    text: str
    def __init__(self, media_time_ms: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class PlaybackReport(_message.Message):
    __slots__ = ("played_samples", "cut")
    PLAYED_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    CUT_FIELD_NUMBER: _ClassVar[int]
    played_samples: int
    cut: bool
    def __init__(self, played_samples: _Optional[int] = ..., cut: _Optional[bool] = ...) -> None: ...

class Dropped(_message.Message):
    __slots__ = ("track", "from_media_time", "to_media_time")
    TRACK_FIELD_NUMBER: _ClassVar[int]
    FROM_MEDIA_TIME_FIELD_NUMBER: _ClassVar[int]
    TO_MEDIA_TIME_FIELD_NUMBER: _ClassVar[int]
    track: Track
    from_media_time: int
    to_media_time: int
    def __init__(self, track: _Optional[_Union[Track, str]] = ..., from_media_time: _Optional[int] = ..., to_media_time: _Optional[int] = ...) -> None: ...

class Control(_message.Message):
    __slots__ = ("control_id", "update_instructions", "interrupt", "ping")
    CONTROL_ID_FIELD_NUMBER: _ClassVar[int]
    UPDATE_INSTRUCTIONS_FIELD_NUMBER: _ClassVar[int]
    INTERRUPT_FIELD_NUMBER: _ClassVar[int]
    PING_FIELD_NUMBER: _ClassVar[int]
    control_id: str
    update_instructions: UpdateInstructions
    interrupt: Interrupt
    ping: Ping
    def __init__(self, control_id: _Optional[str] = ..., update_instructions: _Optional[_Union[UpdateInstructions, _Mapping]] = ..., interrupt: _Optional[_Union[Interrupt, _Mapping]] = ..., ping: _Optional[_Union[Ping, _Mapping]] = ...) -> None: ...

class UpdateInstructions(_message.Message):
    __slots__ = ("instructions",)
    INSTRUCTIONS_FIELD_NUMBER: _ClassVar[int]
    instructions: str
    def __init__(self, instructions: _Optional[str] = ...) -> None: ...

class Interrupt(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Ping(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Close(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class InteractResponse(_message.Message):
    __slots__ = ("epoch", "granted", "rejected", "micro_turn", "accepted", "credit", "media_outcome", "control_ack", "response_ended", "going_away", "superseded", "error", "closed", "notice")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    GRANTED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    MICRO_TURN_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    MEDIA_OUTCOME_FIELD_NUMBER: _ClassVar[int]
    CONTROL_ACK_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_ENDED_FIELD_NUMBER: _ClassVar[int]
    GOING_AWAY_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDED_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    granted: Granted
    rejected: Rejected
    micro_turn: MicroTurnDone
    accepted: Accepted
    credit: Credit
    media_outcome: MediaOutcome
    control_ack: ControlAck
    response_ended: ResponseEnded
    going_away: GoingAway
    superseded: Superseded
    error: Error
    closed: Closed
    notice: Notice
    def __init__(self, epoch: _Optional[int] = ..., granted: _Optional[_Union[Granted, _Mapping]] = ..., rejected: _Optional[_Union[Rejected, _Mapping]] = ..., micro_turn: _Optional[_Union[MicroTurnDone, _Mapping]] = ..., accepted: _Optional[_Union[Accepted, _Mapping]] = ..., credit: _Optional[_Union[Credit, _Mapping]] = ..., media_outcome: _Optional[_Union[MediaOutcome, _Mapping]] = ..., control_ack: _Optional[_Union[ControlAck, _Mapping]] = ..., response_ended: _Optional[_Union[ResponseEnded, _Mapping]] = ..., going_away: _Optional[_Union[GoingAway, _Mapping]] = ..., superseded: _Optional[_Union[Superseded, _Mapping]] = ..., error: _Optional[_Union[Error, _Mapping]] = ..., closed: _Optional[_Union[Closed, _Mapping]] = ..., notice: _Optional[_Union[Notice, _Mapping]] = ...) -> None: ...

class Granted(_message.Message):
    __slots__ = ("session_id", "resume_token", "micro_turn_ms", "jitter_ms", "due_ms", "starts_in_ms", "next_k", "accepted_through", "limits", "output_sample_rate_hz", "idle_timeout_s", "max_duration_s", "checkpoint", "resumed", "media_clock_ns")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MICRO_TURN_MS_FIELD_NUMBER: _ClassVar[int]
    JITTER_MS_FIELD_NUMBER: _ClassVar[int]
    DUE_MS_FIELD_NUMBER: _ClassVar[int]
    STARTS_IN_MS_FIELD_NUMBER: _ClassVar[int]
    NEXT_K_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_THROUGH_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    IDLE_TIMEOUT_S_FIELD_NUMBER: _ClassVar[int]
    MAX_DURATION_S_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    MEDIA_CLOCK_NS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    resume_token: str
    micro_turn_ms: int
    jitter_ms: int
    due_ms: int
    starts_in_ms: int
    next_k: int
    accepted_through: int
    limits: Limits
    output_sample_rate_hz: int
    idle_timeout_s: int
    max_duration_s: int
    checkpoint: str
    resumed: bool
    media_clock_ns: int
    def __init__(self, session_id: _Optional[str] = ..., resume_token: _Optional[str] = ..., micro_turn_ms: _Optional[int] = ..., jitter_ms: _Optional[int] = ..., due_ms: _Optional[int] = ..., starts_in_ms: _Optional[int] = ..., next_k: _Optional[int] = ..., accepted_through: _Optional[int] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., output_sample_rate_hz: _Optional[int] = ..., idle_timeout_s: _Optional[int] = ..., max_duration_s: _Optional[int] = ..., checkpoint: _Optional[str] = ..., resumed: _Optional[bool] = ..., media_clock_ns: _Optional[int] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("credit_ms", "credit_bytes", "max_chunk_ms", "max_message_bytes", "text_in_max", "video_in_max")
    CREDIT_MS_FIELD_NUMBER: _ClassVar[int]
    CREDIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_CHUNK_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    TEXT_IN_MAX_FIELD_NUMBER: _ClassVar[int]
    VIDEO_IN_MAX_FIELD_NUMBER: _ClassVar[int]
    credit_ms: int
    credit_bytes: int
    max_chunk_ms: int
    max_message_bytes: int
    text_in_max: int
    video_in_max: int
    def __init__(self, credit_ms: _Optional[int] = ..., credit_bytes: _Optional[int] = ..., max_chunk_ms: _Optional[int] = ..., max_message_bytes: _Optional[int] = ..., text_in_max: _Optional[int] = ..., video_in_max: _Optional[int] = ...) -> None: ...

class Rejected(_message.Message):
    __slots__ = ("limit", "reason", "retry_after_ms")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    limit: str
    reason: str
    retry_after_ms: int
    def __init__(self, limit: _Optional[str] = ..., reason: _Optional[str] = ..., retry_after_ms: _Optional[int] = ...) -> None: ...

class MicroTurnDone(_message.Message):
    __slots__ = ("k", "tick", "timing", "lateness_us", "degradations", "text", "audio", "events", "stages", "first_sample")
    K_FIELD_NUMBER: _ClassVar[int]
    TICK_FIELD_NUMBER: _ClassVar[int]
    TIMING_FIELD_NUMBER: _ClassVar[int]
    LATENESS_US_FIELD_NUMBER: _ClassVar[int]
    DEGRADATIONS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    FIRST_SAMPLE_FIELD_NUMBER: _ClassVar[int]
    k: int
    tick: int
    timing: Timing
    lateness_us: int
    degradations: _containers.RepeatedCompositeFieldContainer[Degraded]
    text: _containers.RepeatedCompositeFieldContainer[Text]
    audio: bytes
    events: _containers.RepeatedCompositeFieldContainer[Event]
    stages: StageTimings
    first_sample: int
    def __init__(self, k: _Optional[int] = ..., tick: _Optional[int] = ..., timing: _Optional[_Union[Timing, str]] = ..., lateness_us: _Optional[int] = ..., degradations: _Optional[_Iterable[_Union[Degraded, _Mapping]]] = ..., text: _Optional[_Iterable[_Union[Text, _Mapping]]] = ..., audio: _Optional[bytes] = ..., events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., stages: _Optional[_Union[StageTimings, _Mapping]] = ..., first_sample: _Optional[int] = ...) -> None: ...

class Degraded(_message.Message):
    __slots__ = ("what", "cause")
    WHAT_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    what: str
    cause: str
    def __init__(self, what: _Optional[str] = ..., cause: _Optional[str] = ...) -> None: ...

class Text(_message.Message):
    __slots__ = ("text", "sample", "k")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    K_FIELD_NUMBER: _ClassVar[int]
    text: str
    sample: int
    k: int
    def __init__(self, text: _Optional[str] = ..., sample: _Optional[int] = ..., k: _Optional[int] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("kind", "text")
    KIND_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    kind: str
    text: str
    def __init__(self, kind: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class StageTimings(_message.Message):
    __slots__ = ("ingest_us", "queue_us", "engine_us", "experts_us", "voice_us", "egress_us", "passes", "expert_calls", "shards_used")
    INGEST_US_FIELD_NUMBER: _ClassVar[int]
    QUEUE_US_FIELD_NUMBER: _ClassVar[int]
    ENGINE_US_FIELD_NUMBER: _ClassVar[int]
    EXPERTS_US_FIELD_NUMBER: _ClassVar[int]
    VOICE_US_FIELD_NUMBER: _ClassVar[int]
    EGRESS_US_FIELD_NUMBER: _ClassVar[int]
    PASSES_FIELD_NUMBER: _ClassVar[int]
    EXPERT_CALLS_FIELD_NUMBER: _ClassVar[int]
    SHARDS_USED_FIELD_NUMBER: _ClassVar[int]
    ingest_us: int
    queue_us: int
    engine_us: int
    experts_us: int
    voice_us: int
    egress_us: int
    passes: int
    expert_calls: int
    shards_used: int
    def __init__(self, ingest_us: _Optional[int] = ..., queue_us: _Optional[int] = ..., engine_us: _Optional[int] = ..., experts_us: _Optional[int] = ..., voice_us: _Optional[int] = ..., egress_us: _Optional[int] = ..., passes: _Optional[int] = ..., expert_calls: _Optional[int] = ..., shards_used: _Optional[int] = ...) -> None: ...

class Accepted(_message.Message):
    __slots__ = ("through", "audio_samples", "volatile")
    THROUGH_FIELD_NUMBER: _ClassVar[int]
    AUDIO_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    VOLATILE_FIELD_NUMBER: _ClassVar[int]
    through: int
    audio_samples: int
    volatile: bool
    def __init__(self, through: _Optional[int] = ..., audio_samples: _Optional[int] = ..., volatile: _Optional[bool] = ...) -> None: ...

class Credit(_message.Message):
    __slots__ = ("track", "ms", "bytes")
    TRACK_FIELD_NUMBER: _ClassVar[int]
    MS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    track: Track
    ms: int
    bytes: int
    def __init__(self, track: _Optional[_Union[Track, str]] = ..., ms: _Optional[int] = ..., bytes: _Optional[int] = ...) -> None: ...

class MediaOutcome(_message.Message):
    __slots__ = ("seq", "track", "outcome", "media_time", "detail")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TIME_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    seq: int
    track: Track
    outcome: Outcome
    media_time: int
    detail: str
    def __init__(self, seq: _Optional[int] = ..., track: _Optional[_Union[Track, str]] = ..., outcome: _Optional[_Union[Outcome, str]] = ..., media_time: _Optional[int] = ..., detail: _Optional[str] = ...) -> None: ...

class ControlAck(_message.Message):
    __slots__ = ("control_id", "seq", "tick", "effective_k")
    CONTROL_ID_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    TICK_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_K_FIELD_NUMBER: _ClassVar[int]
    control_id: str
    seq: int
    tick: int
    effective_k: int
    def __init__(self, control_id: _Optional[str] = ..., seq: _Optional[int] = ..., tick: _Optional[int] = ..., effective_k: _Optional[int] = ...) -> None: ...

class ResponseEnded(_message.Message):
    __slots__ = ("k", "sample")
    K_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    k: int
    sample: int
    def __init__(self, k: _Optional[int] = ..., sample: _Optional[int] = ...) -> None: ...

class GoingAway(_message.Message):
    __slots__ = ("in_ms", "reason")
    IN_MS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    in_ms: int
    reason: str
    def __init__(self, in_ms: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class Superseded(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Error(_message.Message):
    __slots__ = ("code", "field", "message", "seq", "fatal")
    CODE_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    FATAL_FIELD_NUMBER: _ClassVar[int]
    code: str
    field: str
    message: str
    seq: int
    fatal: bool
    def __init__(self, code: _Optional[str] = ..., field: _Optional[str] = ..., message: _Optional[str] = ..., seq: _Optional[int] = ..., fatal: _Optional[bool] = ...) -> None: ...

class Notice(_message.Message):
    __slots__ = ("code", "field", "message", "seq")
    CODE_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    code: str
    field: str
    message: str
    seq: int
    def __init__(self, code: _Optional[str] = ..., field: _Optional[str] = ..., message: _Optional[str] = ..., seq: _Optional[int] = ...) -> None: ...

class Closed(_message.Message):
    __slots__ = ("reason", "micro_turns")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MICRO_TURNS_FIELD_NUMBER: _ClassVar[int]
    reason: str
    micro_turns: int
    def __init__(self, reason: _Optional[str] = ..., micro_turns: _Optional[int] = ...) -> None: ...
