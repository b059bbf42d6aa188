"""Serves a bank of experts: one thread reads a call, computes it and writes its answer.

Measured before it was chosen (two shards, 12 KiB each way, two busy cores, p50 of both answers): computing on the
thread of the asyncio server 0.8-1.1 ms, a sync server with its handler threads 1.0-1.6 ms, uvloop and TCP no better.
It also makes a probe honest: what answers it is what computes.
"""

from __future__ import annotations

import asyncio
import os
from typing import Protocol

import grpc
import structlog

from actors.expert_wire import WIRE_DTYPES, ShardShape, decode_call, encode_rows
from cluster.clock import Clock
from cluster.errors import ExpertRefused
from cluster.telemetry.metrics import EXPERT_COMPUTE, EXPERT_ROWS, PLACEMENT_EPOCH, PROGRESS, Metrics
from cluster.telemetry.tracing import Traces
from cluster.types import TensorFrame
from counterpoint.internal.v1 import expert_pb2 as pb
from counterpoint.internal.v1 import expert_pb2_grpc

IDLE_PROGRESS_S = 0.020  # DESIGN.md section 8: the counter advances while there is nothing to do

log = structlog.get_logger()


class Bank(Protocol):
    """The experts of one shard, in bytes."""

    shape: ShardShape
    weights_sha256: str
    deterministic: bool

    def forward(self, layer: int, experts: tuple[int, ...], rows: TensorFrame) -> TensorFrame: ...


class ExpertService(expert_pb2_grpc.ExpertServicer):
    """Answers in the order of the calls of a stream; a call that cannot be done hurts no other.

    `progress` advances with every call and every 20 ms of idleness: it stands while the thread is frozen or stuck.
    """

    def __init__(
        self, bank: Bank, *, placement_epoch: int = 0, metrics: Metrics, clock: Clock, traces: Traces | None = None
    ) -> None:
        self._bank, self._metrics, self._clock, self._traces = bank, metrics, clock, traces
        self.placement_epoch = placement_epoch  # calls below it are refused; raised by the shell
        self.progress = 0

    async def advance_while_idle(self) -> None:
        while True:
            await asyncio.sleep(IDLE_PROGRESS_S)
            self.progress += 1
            self._metrics.set(PROGRESS, self.progress)
            self._metrics.set(PLACEMENT_EPOCH, self.placement_epoch)

    async def Exchange(self, _: object, context: grpc.aio.ServicerContext) -> None:  # noqa: N802 - named by the wire
        while (up := await context.read()) is not grpc.aio.EOF:
            await context.write(self._answer(up))

    async def Describe(  # noqa: N802 - named by the wire
        self, _: pb.DescribeRequest, __: grpc.aio.ServicerContext
    ) -> pb.DescribeReply:
        shape = self._bank.shape
        return pb.DescribeReply(
            num_layers=shape.num_layers,
            hidden_size=shape.hidden_size,
            experts=sorted(shape.experts),
            weights_sha256=self._bank.weights_sha256,
            dtype=WIRE_DTYPES[shape.dtype],
            deterministic=self._bank.deterministic,
            placement_epoch=self.placement_epoch,
            progress=self.progress,
            pid=os.getpid(),
        )

    def _answer(self, up: pb.ExpertUp) -> pb.ExpertDown:
        if up.HasField("probe"):
            return pb.ExpertDown(probe=pb.ExpertProbe(sent_ns=up.probe.sent_ns, progress=self.progress))
        call_id = up.call.call_id
        try:
            rows = encode_rows(self._compute(up.call), "answer.rows")
        except ExpertRefused as refused:
            return _refusal(call_id, refused.field, refused.message)
        except Exception as failure:  # the stream of an engine must outlive one bad call
            log.exception("expert call failed", layer=up.call.layer, tick=up.call.tick)
            return _refusal(call_id, "call", f"failed inside the shard: {failure}; ask a replica")
        self.progress += 1
        return pb.ExpertDown(answer=pb.ExpertAnswer(call_id=call_id, rows=rows))

    def _compute(self, up: pb.ExpertCallUp) -> TensorFrame:
        if up.placement_epoch < self.placement_epoch:
            held = self.placement_epoch
            raise ExpertRefused("call.placement_epoch", f"{up.placement_epoch} is stale, {held} is in force; take it")
        call = decode_call(up, self._bank.shape)
        started_ns = self._clock.now_ns()
        rows = self._bank.forward(call.layer, call.experts, call.rows)
        ended_ns = self._clock.now_ns()
        self._metrics.observe(EXPERT_COMPUTE, (ended_ns - started_ns) / 1e9)
        if self._traces is not None and up.trace:
            about = {"tick": call.tick, "pass": call.pass_index, "layer": call.layer, "attempt": call.attempt}
            self._traces.within(up.trace, "expert", started_ns, ended_ns, rows=len(call.experts), **about)
        self._metrics.add(EXPERT_ROWS, len(call.experts))
        return rows


def _refusal(call_id: int, field: str, message: str) -> pb.ExpertDown:
    return pb.ExpertDown(refusal=pb.ExpertRefusal(call_id=call_id, field=field, message=message))
