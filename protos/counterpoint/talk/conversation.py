"""All a client learns of one session, gathered as it happens: for the screen, the files and the summary. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from counterpoint.client import (
    Acknowledged,
    Closed,
    Complaint,
    Disconnected,
    Event,
    GoingAway,
    MediaAnswered,
    Noticed,
    Resumed,
    SpeechEnded,
    Turn,
)
from counterpoint.client.timeline import MS, Timeline
from counterpoint.talk.transcript import Transcript
from counterpoint.v1 import interaction_pb2 as v1

STAGES = (
    *("ingest_us", "queue_us", "engine_us", "experts_us", "voice_us", "egress_us"),
    *("passes", "expert_calls", "shards_used"),
)


@dataclass(slots=True)
class Conversation:
    """Records are what `session.jsonl` holds: one plain mapping per event, times in seconds of media time."""

    granted: v1.Granted
    timeline: Timeline
    lockstep: bool
    transcript: Transcript = field(default_factory=Transcript)
    outputs: dict[int, bytes] = field(default_factory=dict)  # k -> PCM that sounds from output_ms(k) on
    heard: list[dict[str, Any]] = field(default_factory=list)
    stages: Counter[str] = field(default_factory=Counter)
    disconnects: int = 0
    micro_turns: int | None = None

    def opening(self, **facts: Any) -> dict[str, Any]:
        granted = self.granted
        return {
            "kind": "session",
            "session_id": granted.session_id,
            "checkpoint": granted.checkpoint,
            "micro_turn_ms": granted.micro_turn_ms,
            "jitter_ms": granted.jitter_ms,
            "due_ms": granted.due_ms,
            "sample_rate_hz": granted.output_sample_rate_hz,
            "lockstep": self.lockstep,
            "shared_clock": self.timeline.shared_clock,
            **facts,
        }

    def receive(self, event: Event) -> dict[str, Any]:
        match event:
            case Turn():
                return self._turn(event)
            case SpeechEnded(message=message):
                self.transcript.end()
                return {"kind": "speech_ended", "k": message.k}
            case MediaAnswered(message=message):
                outcome = v1.Outcome.Name(message.outcome).removeprefix("OUTCOME_").lower()
                track = v1.Track.Name(message.track).removeprefix("TRACK_").lower()
                units_per_s = self.granted.output_sample_rate_hz if track == "audio" else 1000
                t_s = message.media_time / units_per_s
                return {"kind": "media", "t_s": t_s, "outcome": outcome, "track": track, "detail": message.detail}
            case Acknowledged(message=message):
                return {"kind": "control", "id": message.control_id, "effective_k": message.effective_k}
            case Complaint(message=message):
                return {"kind": "error", "code": message.code, "field": message.field, "message": message.message}
            case Noticed(message=message):
                return {"kind": "notice", "code": message.code, "field": message.field, "message": message.message}
            case GoingAway(message=message):
                return {"kind": "going_away", "in_ms": message.in_ms, "reason": message.reason}
            case Disconnected(reason=reason, at_ns=at_ns):
                self.disconnects += 1
                return {"kind": "disconnected", "t_s": self.timeline.media_ms(at_ns) / 1000, "reason": reason}
            case Resumed(message=message, after_ns=after_ns):
                return {"kind": "resumed", "next_k": message.next_k, "after_ms": after_ns / MS}
            case Closed(message=message):
                self.micro_turns = message.micro_turns
                return {"kind": "closed", "reason": message.reason, "micro_turns": message.micro_turns}

    def _turn(self, turn: Turn) -> dict[str, Any]:
        entry, message = turn.entry, turn.message
        if turn.audio:
            self.outputs[turn.k] = turn.audio
        for said in turn.said:
            self.transcript.say(said)
        stages = {name: getattr(message.stages, name) for name in STAGES}
        if message.stages.passes:  # a coalesced micro-turn repeats the figures of the tick that carried it
            self.stages.update(stages)
        happened = [{"what": event.kind, "text": event.text} for event in message.events]
        heard_at_s = self.granted.micro_turn_ms * (turn.k + 1) / 1000
        self.heard += [{"t_s": heard_at_s, "what": f"{event.kind} {event.text}".strip()} for event in message.events]
        return {
            "kind": "turn",
            "k": turn.k,
            "out_s": turn.output_ms / 1000,
            "timing": entry.timing,
            "missed": entry.missed,
            "latency_ms": None if self.lockstep else (entry.received_ns - entry.cutoff_ns) / MS,
            "lateness_ms": None if self.lockstep else (entry.received_ns - entry.due_ns) / MS,
            "server_lateness_ms": message.lateness_us / 1000,
            "said": [{"t_s": said.media_ms / 1000, "text": said.text} for said in turn.said],
            "audio": bool(turn.audio),
            "events": happened,
            "degradations": [{"what": item.what, "cause": item.cause} for item in message.degradations],
            "stages": stages,
        }

    def output_track(self) -> bytes:
        """The heard output as one mono s16le track on the media clock."""
        rate = self.granted.output_sample_rate_hz
        track = bytearray()
        for k in sorted(self.outputs):
            start = self.timeline.output_ms(k) * rate // 1000 * 2
            pcm = self.outputs[k]
            track.extend(bytes(max(0, start + len(pcm) - len(track))))
            track[start : start + len(pcm)] = pcm
        return bytes(track)
