"""From messages of the server to events of the client: stamps, bookkeeping, what a resume has to say. Pure."""

from __future__ import annotations

from counterpoint.client.attachment import failed
from counterpoint.client.errors import Refused, TakenOver
from counterpoint.client.events import (
    Acknowledged,
    Closed,
    Complaint,
    Event,
    GoingAway,
    MediaAnswered,
    Noticed,
    Said,
    SpeechEnded,
    Turn,
)
from counterpoint.client.ledger import Ledger
from counterpoint.client.outbox import Outbox
from counterpoint.client.playback import PlaybackModel
from counterpoint.client.timeline import Timeline
from counterpoint.v1 import interaction_pb2 as v1


class Inbox:
    def __init__(self, ledger: Ledger, granted: v1.Granted, epoch: int) -> None:
        self.playback = PlaybackModel(granted.output_sample_rate_hz)
        self.accepted_samples = 0
        self._ledger = ledger
        self._session_id, self._token, self._epoch = granted.session_id, granted.resume_token, epoch

    def receive(self, response: v1.InteractResponse, outbox: Outbox, now_ns: int) -> list[Event]:
        """Raises Failed or TakenOver when this message ends the session. A message of a stale owner gives nothing."""
        if response.epoch < self._epoch:
            return []
        self._epoch = response.epoch
        match response.WhichOneof("message"):
            case "micro_turn":
                return self._turn(response.micro_turn, now_ns)
            case "accepted":
                outbox.accepted(response.accepted.through)
                self.accepted_samples = max(self.accepted_samples, response.accepted.audio_samples)
            case "credit":
                credit = response.credit
                outbox.credit(credit.track, credit.ms, credit.bytes)
            case "media_outcome":
                return [MediaAnswered(message=response.media_outcome)]
            case "control_ack":
                return [Acknowledged(message=response.control_ack)]
            case "response_ended":
                return [SpeechEnded(message=response.response_ended)]
            case "going_away":
                return [GoingAway(message=response.going_away)]
            case "superseded":
                raise TakenOver
            case "rejected":
                raise Refused(response.rejected.limit, response.rejected.reason, response.rejected.retry_after_ms)
            case "error" if response.error.fatal:
                raise failed(response.error)
            case "error":
                return [Complaint(message=response.error)]
            case "notice":
                return [Noticed(message=response.notice)]
            case "closed":
                return [Closed(message=response.closed)]
        return []  # a kind of message younger than this client

    def resume(self) -> v1.Resume:
        return v1.Resume(
            session_id=self._session_id,
            token=self._token,
            received_k=self._ledger.last_k(),
            received_sample=self.playback.received_samples,
        )

    def resumed(self, granted: v1.Granted, epoch: int, timeline: Timeline) -> None:
        self._token, self._epoch = granted.resume_token, max(self._epoch, epoch)
        self._ledger.timeline = timeline

    def _turn(self, done: v1.MicroTurnDone, now_ns: int) -> list[Event]:
        entry = self._ledger.receive(done, now_ns)
        if entry is None:
            return []
        timeline = self._ledger.timeline
        output_ms = timeline.output_ms(done.k)
        rate = self.playback.sample_rate_hz
        said = tuple(
            Said(
                text=text.text, media_ms=output_ms + (text.sample - done.first_sample) * 1000 // max(1, rate), k=text.k
            )
            for text in done.text
        )
        self.playback.receive(
            first_sample=done.first_sample,
            num_samples=rate * timeline.period_ms // 1000 if done.audio else 0,
            due_ns=timeline.output_ns(done.k),
            now_ns=now_ns,
        )
        return [Turn(entry=entry, output_ms=output_ms, said=said, message=done)]
