"""What goes in and out of a session's edge as plain values: the public wire without its encoding."""

from __future__ import annotations

from dataclasses import dataclass, field

from cluster.errors import InvalidInput
from cluster.media.credits import Credit
from cluster.media.dmel import Samples
from cluster.media.egress import Done
from cluster.media.spec import AudioFormat, Codec, Track
from cluster.media.timeline import MediaOutcome
from cluster.types import MicroTurn


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Where a session stands when a client attaches. position: media time of its audio track at `next_k`."""

    next_k: int
    position: int
    accepted_through: int
    media_epoch_ns: int
    jitter_ms: int
    credit_ms: int
    credit_bytes: int


# ------------------------------------------------------------ from the client


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A valid `configure`. audio_out None: text only."""

    tenant: str
    audio_in: AudioFormat | None
    video_in: Codec | None
    audio_out: AudioFormat | None
    instructions: str
    lockstep: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioChunk:
    seq: int
    media_time: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFrame:
    seq: int
    media_time_ms: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChunk:
    seq: int
    media_time_ms: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Playback:
    seq: int
    played_samples: int
    cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedMedia:
    seq: int
    track: Track
    from_media_time: int
    to_media_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """kind: update_instructions, interrupt or ping."""

    seq: int
    control_id: str
    kind: str
    instructions: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRequest:
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """A message that cannot be read: it only counts."""

    seq: int
    error: InvalidInput


ClientMessage = AudioChunk | VideoFrame | TextChunk | Playback | DroppedMedia | Control | CloseRequest | Malformed

# ------------------------------------------------------------ to the scheduler


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnUp:
    """through: client messages settled with this micro-turn. position: media time of the audio track after it.

    stretch_ppm, slip, heard_M: what drift did to its media, and what was heard (see TurnAudio).
    """

    turn: MicroTurn
    through: int
    position: int
    ready_ns: int
    stretch_ppm: int = 0
    slip: int = 0
    heard_M: Samples | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlUp:
    seq: int
    control_id: str
    kind: str
    prefix: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedUp:
    k: int
    sample: int
    cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseUp:
    reason: str


Up = TurnUp | ControlUp | PlayedUp | CloseUp

# ------------------------------------------------------------ to the client


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    seq: int
    track: Track
    outcome: MediaOutcome
    media_time: int
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    through: int
    audio_samples: int
    volatile: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    control_id: str
    seq: int
    tick: int
    k: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The voice fell silent after `sample` of the output track."""

    k: int
    sample: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An error answered in the stream; where `fatal`, the stream ends with it."""

    code: str
    field: str
    message: str
    seq: int = 0
    fatal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What was taken and is not quite what was sent. Never quotes it: what is told may be logged."""

    code: str
    field: str
    message: str
    seq: int = 0

    @classmethod
    def unknown_words(cls, field: str, count: int, of: int, seq: int) -> Notice:
        what = f"{count} of {of} words are not in the vocabulary of this checkpoint; it is told that a word stood there"
        return cls(code="unknown_words", field=field, message=f"{field}: {what}", seq=seq)


Down = Outcome | Accepted | Acknowledged | Ended | Fault | Notice | Credit | Done
