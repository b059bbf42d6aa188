"""What a client's messages put into a session: each is taken, refused with an outcome, or answered with an error."""

from __future__ import annotations

from collections import Counter

from cluster.errors import InvalidInput, MediaError, ProtocolError
from cluster.media.audio_track import AudioTrack, TurnAudio
from cluster.media.credits import InFlight
from cluster.media.messages import (
    AudioChunk,
    ClientMessage,
    CloseRequest,
    Control,
    ControlUp,
    Down,
    DroppedMedia,
    Fault,
    Grant,
    Malformed,
    Notice,
    Opening,
    Outcome,
    Playback,
    PlayedUp,
    TextChunk,
    Up,
    VideoFrame,
)
from cluster.media.queues import Frame, FrameQueue, TextQueue
from cluster.media.reports import Reports
from cluster.media.spec import MediaSpec, Track
from cluster.media.text import Vocabulary, encode_prefix
from cluster.media.timeline import MediaOutcome
from cluster.types import MICRO_TURN_MS, MicroTurn

MAX_MEDIA_TIME_MS = 7 * 24 * 3_600 * 1_000
MAX_CONTROLS = 32  # not acknowledged yet
_SLACK_BYTES = 256 * 1024  # what a client may send before it has read how little credit is left
_TRACKS: dict[type, Track] = {AudioChunk: Track.AUDIO, VideoFrame: Track.VIDEO, TextChunk: Track.TEXT}


class Intake:
    """Holds what was taken until it is cut. `out` collects the answers; whoever calls takes them."""

    def __init__(self, opening: Opening, grant: Grant, spec: MediaSpec, vocabulary: Vocabulary) -> None:
        self.k = grant.next_k  # the micro-turn that is being filled
        self.closing = False
        self.out: list[Up | Down] = []
        self.in_flight = InFlight(next_seq=grant.accepted_through + 1, limit_bytes=grant.credit_bytes + _SLACK_BYTES)
        self._opening, self._spec, self._vocabulary = opening, spec, vocabulary
        self._ahead = grant.credit_ms // MICRO_TURN_MS  # micro-turns
        self._audio: AudioTrack | None = None
        if opening.audio_in is not None:
            horizon_ms = grant.credit_ms + MICRO_TURN_MS
            self._audio = AudioTrack(
                opening.audio_in, spec, start=grant.position, window_ms=grant.jitter_ms, horizon_ms=horizon_ms
            )
        self._chunks: list[tuple[int, int]] = []  # seq, timeline sample after which it is used up
        self._text = TextQueue(spec.text_in_max)
        self._frames = FrameQueue(spec.video_in_max // spec.frame_patches if spec.frame_patches else 0)
        self._pictures: Counter[int] = Counter()  # taken for a micro-turn, whatever becomes of them
        self._decoding: dict[int, int] = {}  # seq of a picture that is being decoded, its micro-turn
        self._controls: dict[int, str] = {}  # seq of a control that is not acknowledged, its id
        self._reports = Reports()
        self.left: TurnAudio | None = None  # the audio of the micro-turn that was cut last
        self._given_up = 0  # media time the client said it dropped up to

    @property
    def position(self) -> int:
        """Media time of the audio track that left."""
        return self._audio.position if self._audio else 0

    @property
    def empty(self) -> bool:
        return not len(self._text) and not (self._audio and self._audio.held)

    def take(self, message: ClientMessage, *, newest_result: int, since_ns: int) -> None:
        """since_ns: media time 0 to now. Raises ProtocolError where the stream must end; other faults are answered."""
        self.in_flight.open(message.seq, _size(message), _TRACKS.get(type(message)))
        if self.closing:
            raise ProtocolError("close", "was sent already; nothing may follow it")
        try:
            self._take(message, newest_result, since_ns)
        except InvalidInput as error:
            self.in_flight.settle(message.seq)
            self.out.append(Fault(code="invalid_input", field=error.field, message=str(error), seq=message.seq))
        self.fill()

    def frame(self, message: VideoFrame, patches: bytes | MediaError | None) -> None:
        """The picture of a VideoFrame that was taken, decoded or not. Decoding slowly is no fault of the client's."""
        k = max(self.k, self._decoding.pop(message.seq))
        if patches is None:
            newer = "newer pictures came before it could be decoded; send fewer"
            self._refuse(message.seq, Track.VIDEO, MediaOutcome.TOO_LATE, message.media_time_ms, newer)
        elif isinstance(patches, MediaError):
            self._refuse(message.seq, Track.VIDEO, MediaOutcome.UNDECODABLE, message.media_time_ms, str(patches))
        elif not self._frames.put(Frame(seq=message.seq, k=k, patches=patches)):
            self._refuse_full(message, k)

    def awaits_frame(self, seq: int) -> bool:
        """Whether a VideoFrame was taken, so that its picture is wanted."""
        return seq in self._decoding

    def acknowledged(self, control_id: str) -> None:
        self._controls = {seq: each for seq, each in self._controls.items() if each != control_id}

    def forget_drift(self) -> None:
        """Media is measured against another clock from now on."""
        if self._audio is not None:
            self._audio.forget_drift()

    def fill(self) -> None:
        """Puts silence where media will not come any more."""
        if self._audio is not None:
            self._gaps(self._audio.fill(through=self._given_up or None))

    def cut(self) -> MicroTurn | None:
        """Micro-turn k, if it is complete; then the next one is being filled."""
        codes, gap = b"", False
        if self._opening.lockstep and any(k <= self.k for k in self._decoding.values()):
            return None  # no deadline, and the same input must give the same micro-turns
        if self._audio is not None:
            audio = self._audio.cut()
            if audio is None:
                return None
            codes, gap = audio.codes, audio.gap
            self.left = audio
        tokens, settled = self._text.take(self.k)
        frames = self._frames.take(self.k)
        for seq in (*settled, *(frame.seq for frame in frames)):
            self.in_flight.settle(seq)
        self.k += 1
        self._settle_chunks()
        self._turn_left()
        return MicroTurn(
            k=self.k - 1,
            audio=codes,
            patches=b"".join(frame.patches for frame in frames),
            num_patches=len(frames) * self._spec.frame_patches,
            text=tokens,
            gap=gap,
        )

    def seal(self, to_k: int, reason: str) -> None:
        """Everything to micro-turn `to_k` is given up; silence stands there for good."""
        media_time = self.position
        if self._audio is not None:
            self._audio.seal(to_k + 1 - self.k)
        self.k = to_k + 1
        self._turn_left()
        self._refuse(0, Track.AUDIO, MediaOutcome.GAP_FILLED, media_time, reason)
        for frame in self._frames.drop_before(self.k):
            self._refuse(frame.seq, Track.VIDEO, MediaOutcome.TOO_LATE, frame.k * MICRO_TURN_MS)
        self._settle_chunks()

    def _turn_left(self) -> None:
        self.in_flight.turn_left()
        self._pictures = Counter({k: count for k, count in self._pictures.items() if k >= self.k})
        self.out.extend(self._reports.turn_left())

    def _take(self, message: ClientMessage, newest_result: int, since_ns: int) -> None:
        match message:
            case AudioChunk():
                self._take_audio(message, since_ns)
            case VideoFrame():
                self._take_video(message)
            case TextChunk():
                self._take_text(message)
            case Playback():
                self._take_playback(message, newest_result)
            case DroppedMedia():
                self._take_dropped(message)
            case Control():
                self._take_control(message)
            case Malformed():
                raise message.error
            case CloseRequest():
                self.closing = True
                self.out.extend(self._reports.turn_left())
                self.in_flight.settle(message.seq)
                self._gaps(self._audio.finish() if self._audio else [])

    def _take_audio(self, message: AudioChunk, since_ns: int) -> None:
        if self._audio is None:
            raise InvalidInput("audio", "configure opened no audio_in track")
        _check_media_time("audio.media_time", message.media_time * 1000 // self._audio.format.rate)
        taken = self._audio.take(message.media_time, message.data, None if self._opening.lockstep else since_ns)
        self.in_flight.hold(message.seq, taken.ms)
        if taken.outcome is not None:
            outcome = Outcome(
                seq=message.seq,
                track=Track.AUDIO,
                outcome=taken.outcome,
                media_time=message.media_time,
                detail=taken.detail,
            )
            self.out.append(outcome)
        self._chunks.append((message.seq, taken.end))
        self._settle_chunks()

    def _take_video(self, message: VideoFrame) -> None:
        if self._opening.video_in is None:
            raise InvalidInput("video", "configure opened no video_in track")
        _check_media_time("video.media_time_ms", message.media_time_ms)
        k = message.media_time_ms // MICRO_TURN_MS
        if k < self.k:
            self._refuse(message.seq, Track.VIDEO, MediaOutcome.TOO_LATE, message.media_time_ms)
        elif k > self.k + self._ahead:
            self._refuse(message.seq, Track.VIDEO, MediaOutcome.TOO_EARLY, message.media_time_ms)
        elif self._pictures[k] >= self._frames.per_turn:
            self._refuse_full(message, k)
        else:
            self._pictures[k] += 1
            self._decoding[message.seq] = k

    def _refuse_full(self, message: VideoFrame, k: int) -> None:
        full = f"micro_turn.video_in_max: micro-turn {k} holds {self._spec.video_in_max} patches already"
        self._refuse(message.seq, Track.VIDEO, MediaOutcome.OVERLAP_REFUSED, message.media_time_ms, full)

    def _take_text(self, message: TextChunk) -> None:
        _check_media_time("text.media_time_ms", message.media_time_ms)
        k = message.media_time_ms // MICRO_TURN_MS
        if k > self.k + self._ahead:
            self._refuse(message.seq, Track.TEXT, MediaOutcome.TOO_EARLY, message.media_time_ms)
            return
        tokens = self._vocabulary.encode(message.text, "text.text")
        if not tokens:
            raise InvalidInput("text.text", "holds no words")
        self._text.put(message.seq, k, tokens)
        self._note_unknown("text.text", tokens, message.seq)

    def _take_playback(self, message: Playback, newest_result: int) -> None:
        self.in_flight.settle(message.seq)
        if self._opening.audio_out is None:
            raise InvalidInput("playback", "configure opened no audio_out track")
        turn_samples = self._opening.audio_out.turn_rate_samples
        if message.played_samples > (newest_result + 1) * turn_samples:
            raise InvalidInput("playback.played_samples", f"{message.played_samples} is more than was ever sent")
        k = max(0, message.played_samples - 1) // turn_samples
        self.out.extend(self._reports.take(PlayedUp(k=k, sample=message.played_samples, cut=message.cut)))

    def _take_dropped(self, message: DroppedMedia) -> None:
        self.in_flight.settle(message.seq)
        if message.to_media_time <= message.from_media_time:
            raise InvalidInput("dropped.to_media_time", "must be greater than dropped.from_media_time")
        if message.track is Track.AUDIO and self._audio is not None:
            _check_media_time("dropped.to_media_time", message.to_media_time * 1000 // self._audio.format.rate)
            self._given_up = max(self._given_up, message.to_media_time)

    def _take_control(self, message: Control) -> None:
        self.in_flight.settle(message.seq)
        if not 1 <= len(message.control_id) <= 64:
            raise InvalidInput("control.control_id", f"must have 1 to 64 characters, got {len(message.control_id)}")
        field = "control.update_instructions.instructions"
        prefix = encode_prefix(message.instructions, self._vocabulary, self._spec, field)
        if len(self._controls) >= MAX_CONTROLS:
            raise InvalidInput("control", f"{MAX_CONTROLS} are not acknowledged yet; wait for control_ack")
        self._note_unknown(field, prefix, message.seq)
        self._controls[message.seq] = message.control_id
        self.out.append(ControlUp(seq=message.seq, control_id=message.control_id, kind=message.kind, prefix=prefix))

    def _note_unknown(self, field: str, tokens: tuple[int, ...], seq: int) -> None:
        if count := self._vocabulary.unknown(tokens):
            self.out.append(Notice.unknown_words(field, count, len(tokens), seq))

    def _refuse(self, seq: int, track: Track, outcome: MediaOutcome, media_time: int, detail: str = "") -> None:
        self.in_flight.settle(seq)
        self.out.append(Outcome(seq=seq, track=track, outcome=outcome, media_time=media_time, detail=detail))

    def _gaps(self, media_times: list[int]) -> None:
        for media_time in media_times:
            self._refuse(0, Track.AUDIO, MediaOutcome.GAP_FILLED, media_time)

    def _settle_chunks(self) -> None:
        if self._audio is None:
            return
        for seq, end in self._chunks:
            if end <= self._audio.cursor:
                self.in_flight.settle(seq)
        self._chunks = [(seq, end) for seq, end in self._chunks if end > self._audio.cursor]


def _size(message: ClientMessage) -> int:
    """Bytes of payload, as credit counts them."""
    match message:
        case AudioChunk() | VideoFrame():
            return len(message.data)
        case TextChunk():
            return len(message.text.encode())
        case _:
            return 0


def _check_media_time(field: str, ms: int) -> None:
    if ms > MAX_MEDIA_TIME_MS:
        hours, most = ms // 3_600_000, MAX_MEDIA_TIME_MS // 3_600_000
        raise InvalidInput(field, f"lies {hours} hours into the session; at most {most} are possible")
