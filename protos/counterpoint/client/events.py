"""What a session tells its client: one sealed union, stamped with the client's own clock.

`message` is the message as it came, for the fields that are not repeated here.
"""

from __future__ import annotations

from dataclasses import dataclass

from counterpoint.client.ledger import Entry
from counterpoint.v1 import interaction_pb2 as v1


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One word or piece of text; media_ms is when its sound begins on the media clock.

    k: the micro-turn that emitted it. Words of one k were said at once, however long the voice takes.
    """

    text: str
    media_ms: int
    k: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The result of one micro-turn; exactly one for every k. `audio` is empty where the model was silent."""

    entry: Entry
    output_ms: int  # media time at which this output begins to sound
    said: tuple[Said, ...]
    message: v1.MicroTurnDone

    @property
    def k(self) -> int:
        return self.entry.k

    @property
    def audio(self) -> bytes:
        return self.message.audio


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechEnded:
    """The voice fell silent."""

    message: v1.ResponseEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaAnswered:
    """Media that was not simply taken: a gap, a duplicate, too late …"""

    message: v1.MediaOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """A control takes effect at micro-turn `message.effective_k`."""

    message: v1.ControlAck


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """An error that did not end the stream."""

    message: v1.Error


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """Something was taken and is not quite what was sent, such as words the model does not know."""

    message: v1.Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class GoingAway:
    """This server will end the stream; the session goes elsewhere by itself, before that if another server takes it."""

    message: v1.GoingAway


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected:
    """The stream broke; the session resumes by itself."""

    reason: str
    at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    message: v1.Granted
    after_ns: int  # since the stream broke


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The last event of a session that ended well."""

    message: v1.Closed


Event = (
    Turn
    | SpeechEnded
    | MediaAnswered
    | Acknowledged
    | Complaint
    | Noticed
    | GoingAway
    | Disconnected
    | Resumed
    | Closed
)
