"""The only translation between the public wire and plain values, and between errors and what a client is told."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import grpc
from google.protobuf.message import Message

from cluster.errors import (
    CounterpointError,
    InvalidInput,
    ProtocolError,
    Rejected,
    ResyncRequired,
    StoreUnavailable,
    Unauthenticated,
)
from cluster.media import messages as plain
from cluster.media.spec import AudioFormat, Codec, Track
from counterpoint.v1 import interaction_pb2 as v1

DEFAULT_TENANT = "default"
_TENANT = re.compile(r"[a-z0-9-]{1,64}")
_SESSION = re.compile(_TENANT.pattern + r"\.[0-9a-f]{16}")
_AUDIO_CODECS = {v1.AUDIO_CODEC_PCM_S16LE: Codec.PCM_S16LE, v1.AUDIO_CODEC_OPUS: Codec.OPUS}
_VIDEO_CODECS = {v1.VIDEO_CODEC_JPEG: Codec.JPEG, v1.VIDEO_CODEC_PNG: Codec.PNG}
_TRACKS = {v1.TRACK_AUDIO: Track.AUDIO, v1.TRACK_VIDEO: Track.VIDEO, v1.TRACK_TEXT: Track.TEXT}
_MAX_LABELS, _MAX_LABEL_CHARS = 8, 64
_DUE_MS = range(40, 201)
_OUTPUT_HZ = 24_000
_CONTROLS = ("update_instructions", "interrupt", "ping")

_STATUS: tuple[tuple[type[CounterpointError], str, grpc.StatusCode], ...] = (
    (ProtocolError, "protocol_error", grpc.StatusCode.FAILED_PRECONDITION),
    (InvalidInput, "invalid_input", grpc.StatusCode.INVALID_ARGUMENT),
    (Unauthenticated, "unauthenticated", grpc.StatusCode.UNAUTHENTICATED),
    (Rejected, "overloaded", grpc.StatusCode.RESOURCE_EXHAUSTED),
    (ResyncRequired, "resync_required", grpc.StatusCode.NOT_FOUND),
    (StoreUnavailable, "unavailable", grpc.StatusCode.UNAVAILABLE),
)


def fault_of(error: CounterpointError, seq: int = 0) -> tuple[plain.Fault, grpc.StatusCode]:
    """What ends a stream, told in the stream, and the status of the call."""
    code, status = next(
        ((code, status) for kind, code, status in _STATUS if isinstance(error, kind)),
        ("internal", grpc.StatusCode.INTERNAL),
    )
    if isinstance(error, Rejected) and not error.retry_after_ms:
        status = grpc.StatusCode.INVALID_ARGUMENT  # the same again would be rejected again: no quota, but a mistake
    field = error.field if isinstance(error, InvalidInput | Unauthenticated) else ""
    return plain.Fault(code=code, field=field, message=str(error), seq=seq, fatal=True), status


def unknown_enum(message: Message, path: str = "") -> str | None:
    """The path of the first enum field whose value this release does not know."""
    for descriptor, value in message.ListFields():
        at = f"{path}.{descriptor.name}" if path else descriptor.name
        if descriptor.enum_type is not None and value not in descriptor.enum_type.values_by_number:
            return at
        if isinstance(value, Message) and (found := unknown_enum(value, at)):
            return found
    return None


def check_enums(request: v1.InteractRequest) -> None:
    """Raises InvalidInput naming the field path of an enum value this release does not know."""
    if request.WhichOneof("message") in ("audio", "video", "text"):  # carry no enum; by far the most frequent
        return
    if path := unknown_enum(request):
        raise InvalidInput(path, "is an enum value this server does not know; use one of its release")


def check_size(request: v1.InteractRequest, most: int) -> None:
    """Raises InvalidInput naming the kind of a message larger than `most` bytes."""
    if (size := request.ByteSize()) > most:
        kind = request.WhichOneof("message") or "message"
        raise InvalidInput(kind, f"{size} bytes exceed limits.max_message_bytes {most}; send it in parts")


def tenant_of(session: str, field: str = "resume.session_id") -> str:
    """Raises InvalidInput for what no session is called: names reach the keys of the store."""
    if not _SESSION.fullmatch(session):
        raise InvalidInput(field, "must be as granted: the tenant, a dot and 16 of 0-9 and a-f")
    return session.rpartition(".")[0]


def opening_of(configure: v1.Configure, *, video_in_max: int) -> plain.Opening:
    """Raises InvalidInput naming the field of a session that cannot be opened."""
    tenant = configure.tenant or DEFAULT_TENANT
    if not _TENANT.fullmatch(tenant):
        raise InvalidInput("configure.tenant", "must be 1 to 64 of a-z, 0-9 and -")
    if configure.due_ms and configure.due_ms not in _DUE_MS:
        raise InvalidInput("configure.due_ms", f"must be {_DUE_MS[0]}..{_DUE_MS[-1]} or 0, got {configure.due_ms}")
    temperature = configure.sampling.temperature
    if not (math.isfinite(temperature) and 0 <= temperature <= 2):
        raise InvalidInput("configure.sampling.temperature", f"must be 0..2, got {temperature}")
    _check_labels(configure.labels)
    audio_in = _audio_in(configure.audio_in) if configure.HasField("audio_in") else None
    if configure.lockstep and audio_in is None:
        raise InvalidInput("configure.audio_in", "is needed with lockstep: its samples are the clock")
    if configure.HasField("video_in") and not video_in_max:
        raise InvalidInput("configure.video_in", "this checkpoint takes no video; leave it out")
    return plain.Opening(
        tenant=tenant,
        audio_in=audio_in,
        video_in=_codec("configure.video_in.codec", configure.video_in.codec, _VIDEO_CODECS)
        if configure.HasField("video_in")
        else None,
        audio_out=_audio_out(configure.audio_out) if configure.HasField("audio_out") else None,
        instructions=configure.instructions,
        lockstep=configure.lockstep,
    )


def client_message(request: v1.InteractRequest) -> plain.ClientMessage:
    """Raises ProtocolError for a message that may not stand here, InvalidInput for a malformed one."""
    seq = request.seq
    match request.WhichOneof("message"):
        case "audio":
            return plain.AudioChunk(seq=seq, media_time=request.audio.media_time, data=request.audio.data)
        case "video":
            video = request.video
            return plain.VideoFrame(seq=seq, media_time_ms=video.media_time_ms, data=video.data)
        case "text":
            return plain.TextChunk(seq=seq, media_time_ms=request.text.media_time_ms, text=request.text.text)
        case "playback":
            playback = request.playback
            return plain.Playback(seq=seq, played_samples=playback.played_samples, cut=playback.cut)
        case "control":
            return _control(seq, request.control)
        case "dropped":
            dropped = request.dropped
            if dropped.track not in _TRACKS:
                raise InvalidInput("dropped.track", "must be given")
            return plain.DroppedMedia(
                seq=seq,
                track=_TRACKS[dropped.track],
                from_media_time=dropped.from_media_time,
                to_media_time=dropped.to_media_time,
            )
        case "close":
            return plain.CloseRequest(seq=seq)
        case None:
            raise InvalidInput("message", "is empty or of a kind this server does not know")
        case kind:
            raise ProtocolError(kind, "may only be the first message of a stream")


def _control(seq: int, control: v1.Control) -> plain.Control:
    kind = control.WhichOneof("action")
    if kind not in _CONTROLS:
        raise InvalidInput("control.action", f"must be one of {', '.join(_CONTROLS)}")
    return plain.Control(
        seq=seq, control_id=control.control_id, kind=kind, instructions=control.update_instructions.instructions
    )


def _audio_in(audio: v1.AudioInput) -> AudioFormat:
    codec = _codec("configure.audio_in.codec", audio.codec, _AUDIO_CODECS)
    track = AudioFormat(codec=codec, rate=audio.sample_rate_hz, channels=audio.channels or 1)
    track.check("configure.audio_in")
    return track


def _audio_out(audio: v1.AudioOutput) -> AudioFormat:
    codec = _codec("configure.audio_out.codec", audio.codec, _AUDIO_CODECS)
    track = AudioFormat(codec=codec, rate=audio.sample_rate_hz or _OUTPUT_HZ)
    track.check("configure.audio_out")
    return track


def _codec(path: str, value: int, known: Mapping[int, Codec]) -> Codec:
    if value not in known:
        raise InvalidInput(path, f"must be one of {', '.join(codec.name for codec in known.values())}")
    return known[value]


def _check_labels(labels: Mapping[str, str]) -> None:
    if len(labels) > _MAX_LABELS:
        raise InvalidInput("configure.labels", f"{len(labels)} labels exceed {_MAX_LABELS}")
    for key, value in labels.items():
        if max(len(key), len(value)) > _MAX_LABEL_CHARS:
            raise InvalidInput("configure.labels", f"keys and values have at most {_MAX_LABEL_CHARS} characters")
