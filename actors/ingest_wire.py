"""The way up to a scheduler and down from it: edge.proto to plain values and back."""

from __future__ import annotations

from typing import assert_never

from cluster.media import messages as plain
from cluster.media.egress import Result
from cluster.media.text import Vocabulary
from cluster.types import Timing
from counterpoint.internal.v1 import edge_pb2 as pb


def up(message: plain.Up) -> pb.EdgeUp:
    """Whose it is, is filled in by the attachment that sends it."""
    match message:
        case plain.TurnUp(turn=turn):
            ready = pb.TurnReady(
                k=turn.k,
                audio=turn.audio,
                patches=turn.patches,
                num_patches=turn.num_patches,
                text=turn.text,
                gap=turn.gap,
                through_seq=message.through,
                audio_samples=message.position,
                ready_ns=message.ready_ns,
                stretch_ppm=message.stretch_ppm,
            )
            return pb.EdgeUp(turn=ready)
        case plain.ControlUp():
            control = pb.ControlIn(
                seq=message.seq, control_id=message.control_id, kind=message.kind, prefix=message.prefix
            )
            return pb.EdgeUp(control=control)
        case plain.PlayedUp():
            return pb.EdgeUp(played=pb.Played(k=message.k, sample=message.sample, cut=message.cut))
        case plain.CloseUp():
            return pb.EdgeUp(close=pb.CloseSession(reason=message.reason))
        case _:
            assert_never(message)


def slip(message: plain.TurnUp) -> pb.EdgeUp:
    """What has to be said before the micro-turn itself, where drift slipped by it."""
    return pb.EdgeUp(slip=pb.Slip(k=message.turn.k, inserted=message.slip > 0))


def result_of(result: pb.TurnResult, epoch: int, vocabulary: Vocabulary) -> Result:
    """Raises KeyError for a token outside the vocabulary: ingest and engine serve different checkpoints then."""
    return Result(
        k=result.k,
        epoch=epoch,
        tick=result.tick,
        timing=Timing(result.timing),
        degradations=tuple(result.degradations),
        words=tuple(word for word in vocabulary.words(tuple(result.tokens)) if not word.startswith("<")),
        events=tuple(result.events),
        due_ns=result.due_ns,
        cutoff_ns=result.cutoff_ns,
        queue_ns=result.queue_ns,
        engine_ns=result.engine_ns,
        expert_ns=result.expert_ns,
        passes=result.passes,
        expert_calls=result.expert_calls,
        shards_used=result.shards_used,
    )


CONFIGURE_SEQ = 1  # the grant answers it, so it is accepted whatever the journal holds


def accepted_of(granted: pb.OpenGranted) -> int:
    """The message up to which a client that is granted this need not send anything again."""
    return max(CONFIGURE_SEQ, granted.accepted_through)


def grant_of(granted: pb.OpenGranted, *, credit_ms: int, credit_bytes: int) -> plain.Grant:
    return plain.Grant(
        next_k=granted.next_k,
        position=granted.audio_samples,
        accepted_through=accepted_of(granted),
        media_epoch_ns=granted.media_epoch_ns,
        jitter_ms=granted.jitter_ms,
        credit_ms=credit_ms,
        credit_bytes=credit_bytes,
    )
