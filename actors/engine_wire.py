"""Translates between `TickBatch`/`StepResult` and the engine stream: the only place that knows both."""

from __future__ import annotations

from cluster.types import (
    ContextTurn,
    Degradation,
    MicroTurn,
    Prefill,
    SlotResult,
    SlotWork,
    StepResult,
    TickBatch,
    TurnOutput,
)
from counterpoint.internal.v1 import engine_pb2 as pb

MAX_MESSAGE_BYTES = 64 << 20  # a whole window re-filled for every session of a tick stays far below
CHANNEL_OPTIONS = (
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
)


def encode_batch(batch: TickBatch) -> pb.Batch:
    return pb.Batch(
        n=batch.n,
        engine_epoch=batch.engine_epoch,
        work=[_encode_work(work) for work in batch.work],
        deadline_ns=batch.deadline_ns,
    )


def decode_batch(batch: pb.Batch) -> TickBatch:
    return TickBatch(
        n=batch.n,
        engine_epoch=batch.engine_epoch,
        work=tuple(_decode_work(work) for work in batch.work),
        deadline_ns=batch.deadline_ns,
    )


def encode_step(step: StepResult) -> pb.Step:
    return pb.Step(
        n=step.n,
        engine_epoch=step.engine_epoch,
        results=[
            pb.WorkResult(
                session=result.session,
                epoch=result.epoch,
                outputs=[
                    pb.Output(k=out.k, tokens=out.tokens, passes=out.passes, truncated=out.truncated)
                    for out in result.outputs
                ],
                context_tokens=result.context_tokens,
                degradations=result.degradations,
            )
            for result in step.results
        ],
        engine_ns=step.engine_ns,
        expert_ns=step.expert_ns,
        passes=step.passes,
        expert_calls=step.expert_calls,
        shards_used=step.shards_used,
        reissued_calls=step.reissued_calls,
        rejected=step.rejected,
    )


def decode_step(step: pb.Step) -> StepResult:
    return StepResult(
        n=step.n,
        engine_epoch=step.engine_epoch,
        results=tuple(
            SlotResult(
                session=result.session,
                epoch=result.epoch,
                outputs=tuple(
                    TurnOutput(k=out.k, tokens=tuple(out.tokens), passes=out.passes, truncated=out.truncated)
                    for out in result.outputs
                ),
                context_tokens=result.context_tokens,
                degradations=tuple(Degradation(what) for what in result.degradations),
            )
            for result in step.results
        ),
        engine_ns=step.engine_ns,
        expert_ns=step.expert_ns,
        passes=step.passes,
        expert_calls=step.expert_calls,
        shards_used=step.shards_used,
        reissued_calls=step.reissued_calls,
        rejected=tuple(step.rejected),
    )


def _encode_turn(turn: MicroTurn) -> pb.Turn:
    return pb.Turn(
        k=turn.k,
        audio=turn.audio,
        patches=turn.patches,
        num_patches=turn.num_patches,
        text=turn.text,
        gap=turn.gap,
        since_output=turn.since_output,
        since_kept=turn.since_kept,
    )


def _decode_turn(turn: pb.Turn) -> MicroTurn:
    return MicroTurn(
        k=turn.k,
        audio=turn.audio,
        patches=turn.patches,
        num_patches=turn.num_patches,
        text=tuple(turn.text),
        gap=turn.gap,
        since_output=turn.since_output,
        since_kept=turn.since_kept,
    )


def _encode_work(work: SlotWork) -> pb.Work:
    return pb.Work(
        session=work.session,
        epoch=work.epoch,
        slot=work.slot,
        turns=[_encode_turn(turn) for turn in work.turns],
        max_passes=work.max_passes,
        prefills=[
            pb.PrefillRun(
                slot=run.slot,
                reset=run.reset,
                prefix=run.prefix,
                index=run.index,
                items=[pb.ContextItem(turn=_encode_turn(item.turn), out=item.out) for item in run.items],
            )
            for run in work.prefills
        ],
        free=work.free,
        goes_on=work.goes_on,
        temperature=work.temperature,
        seed=work.seed,
    )


def _decode_work(work: pb.Work) -> SlotWork:
    return SlotWork(
        session=work.session,
        epoch=work.epoch,
        slot=work.slot,
        turns=tuple(_decode_turn(turn) for turn in work.turns),
        max_passes=work.max_passes,
        prefills=tuple(
            Prefill(
                slot=run.slot,
                reset=run.reset,
                prefix=tuple(run.prefix),
                index=run.index,
                items=tuple(ContextTurn(turn=_decode_turn(item.turn), out=tuple(item.out)) for item in run.items),
            )
            for run in work.prefills
        ),
        free=tuple(work.free),
        goes_on=work.goes_on,
        temperature=work.temperature,
        seed=work.seed,
    )
