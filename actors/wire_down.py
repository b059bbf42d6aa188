"""Plain values to messages of the public wire: what a client is sent."""

from __future__ import annotations

from typing import assert_never

from cluster.media import messages as plain
from cluster.media.credits import Credit
from cluster.media.egress import RESULT_LOST, Done
from cluster.media.spec import Track
from cluster.media.timeline import MediaOutcome
from cluster.types import Degradation, Timing
from counterpoint.v1 import interaction_pb2 as v1

_TIMINGS = {
    Timing.ON_TIME: v1.TIMING_ON_TIME,
    Timing.LATE: v1.TIMING_LATE,
    Timing.SKIPPED: v1.TIMING_SKIPPED,
    Timing.COALESCED: v1.TIMING_COALESCED,
}
_OUTCOMES = {outcome: v1.Outcome.Value(f"OUTCOME_{outcome.name}") for outcome in MediaOutcome}
_TRACKS = {track: v1.Track.Value(f"TRACK_{track.name}") for track in Track}
CAUSES: dict[str, str] = {  # what was short or lost
    Degradation.INPUT_MISSING: "input",
    Degradation.EXPERT_DROPPED: "experts",
    Degradation.OUTPUT_TRUNCATED: "budget",
    Degradation.VIDEO_THINNED: "budget",
    Degradation.VOLATILE: "store",
    Degradation.RECONSTRUCTED: "takeover",
    RESULT_LOST: "takeover",
}
_INT32 = 2**31 - 1


def response(down: plain.Down, epoch: int) -> v1.InteractResponse:
    """Any message of a running session."""
    match down:
        case Done():
            return v1.InteractResponse(epoch=epoch, micro_turn=_done(down))
        case Credit():
            credit = v1.Credit(track=_TRACKS[down.track], ms=down.ms, bytes=down.bytes)
            return v1.InteractResponse(epoch=epoch, credit=credit)
        case plain.Outcome():
            return v1.InteractResponse(epoch=epoch, media_outcome=_outcome(down))
        case plain.Accepted():
            accepted = v1.Accepted(through=down.through, audio_samples=down.audio_samples, volatile=down.volatile)
            return v1.InteractResponse(epoch=epoch, accepted=accepted)
        case plain.Acknowledged():
            ack = v1.ControlAck(control_id=down.control_id, seq=down.seq, tick=down.tick, effective_k=down.k)
            return v1.InteractResponse(epoch=epoch, control_ack=ack)
        case plain.Ended():
            return v1.InteractResponse(epoch=epoch, response_ended=v1.ResponseEnded(k=down.k, sample=down.sample))
        case plain.Fault():
            return v1.InteractResponse(epoch=epoch, error=_fault(down))
        case plain.Notice():
            notice = v1.Notice(code=down.code, field=down.field, message=down.message, seq=down.seq)
            return v1.InteractResponse(epoch=epoch, notice=notice)
        case _:
            assert_never(down)


def _done(done: Done) -> v1.MicroTurnDone:
    result, spoken = done.result, done.spoken
    return v1.MicroTurnDone(
        k=result.k,
        tick=result.tick,
        timing=_TIMINGS[done.timing],
        lateness_us=max(-_INT32, min(_INT32, done.lateness_ns // 1000)),
        degradations=[
            *(v1.Degraded(what=what, cause=CAUSES[what]) for what in result.degradations),
            *(v1.Degraded(what="word_unvoiced", cause=word) for word in spoken.refused),
        ],
        text=[v1.Text(text=word, sample=sample, k=k) for word, sample, k in spoken.words],
        audio=spoken.audio,
        events=[v1.Event(kind=kind) for kind in result.events],
        stages=_stages(done),
        first_sample=done.first_sample,
    )


def _stages(done: Done) -> v1.StageTimings:
    """Never below 0: two stamps that clocks were corrected between may stand the wrong way round by a little."""
    result = done.result
    return v1.StageTimings(
        ingest_us=max(0, done.ingest_ns) // 1000,
        queue_us=max(0, result.queue_ns) // 1000,
        engine_us=max(0, result.engine_ns) // 1000,
        experts_us=max(0, result.expert_ns) // 1000,
        voice_us=max(0, done.voice_ns) // 1000,
        egress_us=max(0, done.egress_ns) // 1000,
        passes=result.passes,
        expert_calls=result.expert_calls,
        shards_used=result.shards_used,
    )


def _outcome(down: plain.Outcome) -> v1.MediaOutcome:
    return v1.MediaOutcome(
        seq=down.seq,
        track=_TRACKS[down.track],
        outcome=_OUTCOMES[down.outcome],
        media_time=down.media_time,
        detail=down.detail,
    )


def _fault(down: plain.Fault) -> v1.Error:
    return v1.Error(code=down.code, field=down.field, message=down.message, seq=down.seq, fatal=down.fatal)
