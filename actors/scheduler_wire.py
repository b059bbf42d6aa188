"""Translates between the edge stream and the session's events and commands: the only place that knows both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from cluster.errors import (
    CounterpointError,
    InvalidInput,
    ProtocolError,
    Rejected,
    ResyncRequired,
    Superseded,
    Unauthenticated,
)
from cluster.session import commands as down
from cluster.session import events as up
from cluster.types import Degradation, MicroTurn, Timing
from counterpoint.internal.v1 import edge_pb2 as pb
from counterpoint.v1 import interaction_pb2 as public

VOICE_SAMPLES = 4_800  # of one micro-turn of the output track, at the voice's own 24 kHz
_TIERS = {public.TIER_PRIORITY: "priority", public.TIER_BEST_EFFORT: "best_effort"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the store said about a session before its core may hear of it."""

    session: str
    epoch: int
    token: str
    seat: int


def tenant_of(message: pb.EdgeUp) -> str:
    return public.Configure.FromString(message.open.configure).tenant or "default"


def rejection(session: str, request_id: int, error: CounterpointError) -> down.OpenRejected:
    """How a client hears of an error that kept it from a session."""
    limit, retry_after_ms = "", 0
    match error:
        case Rejected():
            code, limit, retry_after_ms = "overloaded", error.limit, error.retry_after_ms
        case Unauthenticated():
            code, limit = "unauthenticated", error.field
        case Superseded():
            code = "superseded"
        case ResyncRequired():
            code, limit = "resync_required", "resume.session_id"
        case InvalidInput():
            code, limit = "invalid_input", error.field
        case _:
            code = "internal"
    return down.OpenRejected(
        session=session,
        epoch=0,
        attachment=0,
        request_id=request_id,
        limit=limit,
        reason=str(error).removeprefix(f"{limit}: "),
        retry_after_ms=retry_after_ms,
        code=code,
    )


def decode_open(message: pb.EdgeUp, claim: Claim, *, keep_by_default: bool) -> up.Open:
    wanted = public.Configure.FromString(message.open.configure)
    keep = wanted.history == public.HISTORY_POLICY_KEEP
    return up.Open(
        session=claim.session,
        epoch=claim.epoch,
        token=claim.token,
        request_id=message.open.request_id,
        seat=claim.seat,
        tenant=wanted.tenant or "default",
        tier=_TIERS.get(wanted.tier, "standard"),
        configure=message.open.configure,
        prefix=tuple(message.open.prefix),
        has_audio=wanted.HasField("audio_in"),
        due_ms=wanted.due_ms,
        temperature=wanted.sampling.temperature,
        seed=wanted.sampling.seed,
        keep_history=keep or (keep_by_default and wanted.history == public.HISTORY_POLICY_UNSPECIFIED),
    )


def decode_reattach(message: pb.EdgeUp, claim: Claim) -> up.Reattach:
    return up.Reattach(
        session=claim.session,
        epoch=claim.epoch,
        token=claim.token,
        request_id=message.reattach.request_id,
        received_k=message.reattach.received_k,
        received_sample=message.reattach.received_sample,
        seat=claim.seat,
        ring=tuple(_said(result, claim) for result in message.reattach.ring),
    )


def decode(message: pb.EdgeUp) -> up.TurnReady | up.Slipped | up.ControlIn | up.Played | up.Detach | up.Close:
    """Whatever needs no claim. Raises ProtocolError for a message without a known kind."""
    who = {"session": message.session, "epoch": message.epoch, "attachment": message.attachment}
    match message.WhichOneof("message"):
        case "turn":
            return _turn(message.turn, who)
        case "slip":
            return up.Slipped(**who, k=message.slip.k, inserted=message.slip.inserted)
        case "control":
            control = message.control
            return up.ControlIn(
                **who,
                seq=control.seq,
                control_id=control.control_id,
                kind=control.kind,
                prefix=tuple(control.prefix),
            )
        case "played":
            return up.Played(**who, k=message.played.k, sample=message.played.sample, cut=message.played.cut)
        case "detach":
            return up.Detach(**who, reason=message.detach.reason)
        case "close":
            return up.Close(**who, reason=message.close.reason)
        case kind:
            raise ProtocolError("edge.message", f"{kind} is not known; run ingest and scheduler of one release")


def _said(result: pb.TurnResult, claim: Claim) -> down.Result:
    return down.Result(
        session=claim.session,
        epoch=claim.epoch,
        attachment=0,
        k=result.k,
        tick=result.tick,
        timing=Timing(result.timing),
        degradations=tuple(map(Degradation, result.degradations)),
        tokens=tuple(result.tokens),
        events=tuple(result.events),
        queue_ns=result.queue_ns,
        engine_ns=result.engine_ns,
        expert_ns=result.expert_ns,
        passes=result.passes,
        expert_calls=result.expert_calls,
        shards_used=result.shards_used,
        context_tokens=result.context_tokens,
    )


def _turn(ready: pb.TurnReady, who: dict[str, object]) -> up.TurnReady:
    turn = MicroTurn(
        k=ready.k,
        audio=ready.audio,
        patches=ready.patches,
        num_patches=ready.num_patches,
        text=tuple(ready.text),
        gap=ready.gap,
    )
    return up.TurnReady(
        **who,
        turn=turn,
        through_seq=ready.through_seq,
        audio_samples=ready.audio_samples,
        ready_ns=ready.ready_ns,
        stretch_ppm=ready.stretch_ppm,
    )


def encode(out: down.EdgeOut, checkpoint: str) -> pb.EdgeDown:
    message = pb.EdgeDown(session=out.session, epoch=out.epoch, attachment=out.attachment)
    match out:
        case down.OpenGranted():
            message.granted.CopyFrom(_granted(out, checkpoint))
        case down.OpenRejected():
            message.rejected.CopyFrom(
                pb.OpenRejected(
                    request_id=out.request_id,
                    limit=out.limit,
                    reason=out.reason,
                    retry_after_ms=out.retry_after_ms,
                    code=out.code,
                )
            )
        case down.Result():
            message.result.CopyFrom(_result(out))
        case down.AcceptedThrough():
            message.accepted.through = out.through
            message.accepted.audio_samples = out.audio_samples
            message.accepted.volatile = out.volatile
        case down.Sealed():
            message.sealed.CopyFrom(pb.Sealed(from_k=out.from_k, to_k=out.to_k, reason=out.reason))
        case down.ControlEffective():
            message.control.CopyFrom(
                pb.ControlEffective(control_id=out.control_id, seq=out.seq, tick=out.tick, k=out.k)
            )
        case down.SessionEnded():
            message.ended.CopyFrom(pb.SessionEnded(reason=out.reason, micro_turns=out.micro_turns, code=out.code))
        case down.Superseded():
            message.superseded.SetInParent()
        case _:
            assert_never(out)
    return message


def _granted(out: down.OpenGranted, checkpoint: str) -> pb.OpenGranted:
    return pb.OpenGranted(
        request_id=out.request_id,
        token=out.token,
        media_epoch_ns=out.media_epoch_ns,
        next_k=out.next_k,
        accepted_through=out.accepted_through,
        audio_samples=out.audio_samples,
        due_ms=out.due_ms,
        jitter_ms=out.jitter_ms,
        resumed=out.resumed,
        configure=out.configure,
        replay=[_result(result) for result in out.replay],
        voiced_samples=out.voiced_turns * VOICE_SAMPLES,
        speaking=out.speaking,
        lockstep=out.lockstep,
        checkpoint=checkpoint,
        seat=out.seat,
    )


def _result(out: down.Result) -> pb.TurnResult:
    return pb.TurnResult(
        k=out.k,
        tick=out.tick,
        timing=out.timing,
        degradations=out.degradations,
        tokens=out.tokens,
        events=out.events,
        due_ns=out.due_ns,
        cutoff_ns=out.cutoff_ns,
        queue_ns=out.queue_ns,
        engine_ns=out.engine_ns,
        expert_ns=out.expert_ns,
        passes=out.passes,
        expert_calls=out.expert_calls,
        shards_used=out.shards_used,
        context_tokens=out.context_tokens,
    )
