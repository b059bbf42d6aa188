"""One session in this process: an item's messages go in as a client sends them, words come out where they are heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cluster.errors import ConfigError
from cluster.media.edge import Edge
from cluster.media.messages import (
    AudioChunk,
    ClientMessage,
    CloseRequest,
    CloseUp,
    Fault,
    Grant,
    Opening,
    Outcome,
    TextChunk,
    TurnUp,
    VideoFrame,
)
from cluster.media.spec import AudioFormat, Codec
from cluster.media.speech import SpeechTrack
from cluster.session.commands import OpenGranted, Result, Sealed
from cluster.session.events import Close, EdgeEvent, TurnReady
from cluster.types import MICRO_TURN_MS
from evals.harness.heard import TURN_S, Heard, slot_s
from evals.harness.model import Model
from evals.harness.pictures import Picture
from evals.harness.script import Script
from evals.harness.sounding import Sounding, loud_frames, sounding
from evals.items import Said

OUTPUT = AudioFormat(codec=Codec.PCM_S16LE, rate=24_000)
CREDIT_MS, CREDIT_BYTES = 2_000, 1 << 20
_CONFIGURE_SEQ = 1


class Seat:
    """Plays both ends of the wire for one script: the client and the ingest it would be attached to."""

    def __init__(self, script: Script, model: Model, granted: OpenGranted) -> None:
        self.script, self._model, self._granted = script, model, granted
        sound = script.sound
        opening = Opening(
            tenant="default",
            audio_in=AudioFormat(codec=Codec.PCM_S16LE, rate=sound.sample_rate_hz, channels=sound.channels),
            video_in=Codec.PNG if script.pictures else None,
            audio_out=OUTPUT,
            instructions="",
            lockstep=True,
        )
        grant = Grant(
            next_k=0,
            position=0,
            accepted_through=_CONFIGURE_SEQ,
            media_epoch_ns=granted.media_epoch_ns,
            jitter_ms=granted.jitter_ms,
            credit_ms=CREDIT_MS,
            credit_bytes=CREDIT_BYTES,
        )
        self._edge = Edge(opening, grant, model.spec, model.vocabulary)
        self._speech = SpeechTrack(model.voice.session(), model.voice.sample_rate, OUTPUT)
        self._seq, self._asked = _CONFIGURE_SEQ, 0
        self.heard = Heard(jitter_ms=granted.jitter_ms, due_ms=granted.due_ms)
        self.outputs: dict[int, tuple[str, ...]] = {}  # by micro-turn, what the model emitted
        self._loud_s: list[float] = []  # when the voice was loud

    @property
    def given(self) -> int:
        """Micro-turns whose media was sent."""
        return self._asked

    def give(self) -> list[EdgeEvent]:
        """Send the media of the next micro-turn, and the end of the input after the last. Raises ConfigError for what
        an ingest would refuse.
        """
        k, script = self._asked, self.script
        self._asked += 1
        out: list[EdgeEvent] = []
        for message, picture in self._messages(k) if k >= self._edge.k else ():  # what was sealed is given up
            out += self._receive(message, picture)
        if self._asked >= script.turns:
            out += self._receive(CloseRequest(seq=self._next_seq()))
        return out

    def result(self, result: Result, late_s: float = 0.0) -> list[EdgeEvent]:
        """The scheduler's answer for one micro-turn. late_s: how much later than due it reaches the client."""
        words = self._model.vocabulary.words(result.tokens)
        if words:
            self.outputs[result.k] = words
        slot = slot_s(result.k, jitter_ms=self._granted.jitter_ms, due_ms=self._granted.due_ms) + late_s
        for kind in result.events:
            self.heard.event(kind, slot)
        if words or not self._speech.idle:
            spoken = self._speech.render(result.k, words, may_sound=True)
            self._loud_s += loud_frames(spoken.audio, slot, OUTPUT.rate)
            first = result.k * OUTPUT.turn_rate_samples
            for word, sample, k in spoken.words:
                self.heard.word(word, k, slot + (sample - first) / OUTPUT.rate, late_s)
            if spoken.ended is not None:
                self.heard.ended(slot + (spoken.ended - first) / OUTPUT.rate)
        return self._up(self._edge.result(result.k, 0))

    def sealed(self, sealed: Sealed) -> list[EdgeEvent]:
        """Input came too late: a replayed delay. The client is told, and goes on."""
        moves = self._edge.sealed(sealed.to_k, sealed.reason, 0)
        return self._up([move for move in moves if not isinstance(move, Outcome)])

    def said(self) -> list[Said]:
        return self.heard.said(self._until_s)

    def sounding(self, said: Sequence[Said]) -> Sounding:
        """said: what the session gave."""
        return sounding(said, sorted(self._loud_s), self._until_s)

    @property
    def _until_s(self) -> float:
        return slot_s(self.script.turns - 1) + TURN_S

    def _messages(self, k: int) -> Iterator[tuple[ClientMessage, Picture | None]]:
        """What is sent, and the picture of a message that is one."""
        script, ms = self.script, MICRO_TURN_MS * k
        for typed in script.typed_in(k):
            yield TextChunk(seq=self._next_seq(), media_time_ms=typed.at_ms, text=typed.text), None
        for shown in script.pictures_in(k):
            yield VideoFrame(seq=self._next_seq(), media_time_ms=shown.at_ms, data=shown.square), shown
        media_time = script.sound.sample_rate_hz * ms // 1000
        yield AudioChunk(seq=self._next_seq(), media_time=media_time, data=script.pcm(k)), None

    def _receive(self, message: ClientMessage, picture: Picture | None = None) -> list[EdgeEvent]:
        out = self._up(self._edge.receive(message, 0))
        if picture is not None and isinstance(message, VideoFrame) and self._edge.awaits_frame(message.seq):
            out += self._up(self._edge.frame(message, picture.patches(self._model.spec.vision_grid), 0))
        return out

    def _up(self, moves: list[object]) -> list[EdgeEvent]:
        who = {
            "session": self._granted.session,
            "epoch": self._granted.epoch,
            "attachment": self._granted.attachment,
        }
        events: list[EdgeEvent] = []
        for move in moves:
            match move:
                case TurnUp():
                    events.append(
                        TurnReady(**who, turn=move.turn, through_seq=move.through, audio_samples=move.position)
                    )
                case CloseUp():
                    events.append(Close(**who, reason=move.reason))
                case Fault() | Outcome():
                    raise ConfigError(f"item {self.script.id}", f"cannot be sent as it is: {move}")
        return events

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq
