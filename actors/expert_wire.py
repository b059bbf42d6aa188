"""The only translation between expert calls and their protos, with every check a shard makes of what it was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cluster.errors import ExpertRefused
from cluster.types import DTYPE_BYTES, Dtype, ExpertCall, TensorFrame
from counterpoint.internal.v1 import expert_pb2 as pb

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
HEADER_BYTES = 64 * 1024  # room for everything in a message but its rows
CHANNEL_OPTIONS = (
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    # rows of a layer (100 KB at 48 tokens) in one frame and without waiting for a window to be opened
    ("grpc.http2.max_frame_size", 1 << 20),
    ("grpc.http2.lookahead_bytes", 4 << 20),
)

WIRE_DTYPES = {Dtype.F32: pb.Rows.DTYPE_F32, Dtype.BF16: pb.Rows.DTYPE_BF16}
_FROM_WIRE = {wire: dtype for dtype, wire in WIRE_DTYPES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardShape:
    """What a call must fit to be computed by a shard."""

    num_layers: int
    hidden_size: int
    experts: frozenset[int]  # held in every layer
    dtype: Dtype


def encode_rows(frame: TensorFrame, field: str) -> pb.Rows:
    """Raises ExpertRefused for a dtype that does not travel and for rows beyond the size of a message."""
    if frame.dtype not in WIRE_DTYPES:
        raise ExpertRefused(f"{field}.dtype", f"{frame.dtype} rows do not travel; send f32 or bf16")
    data = bytes(frame.data)
    if len(data) > MAX_MESSAGE_BYTES - HEADER_BYTES:
        limit = MAX_MESSAGE_BYTES - HEADER_BYTES
        raise ExpertRefused(f"{field}.data", f"{len(data)} bytes exceed {limit}; send fewer rows in one call")
    return pb.Rows(dtype=WIRE_DTYPES[frame.dtype], shape=frame.shape, data=data)


def decode_rows(rows: pb.Rows, field: str) -> TensorFrame:
    """Raises ExpertRefused where dtype, shape and length do not agree."""
    dtype = _FROM_WIRE.get(rows.dtype)
    if dtype is None:
        raise ExpertRefused(f"{field}.dtype", f"unknown value {rows.dtype}; send f32 or bf16")
    shape = tuple(rows.shape)
    if len(shape) != 2 or shape[0] == 0:
        raise ExpertRefused(f"{field}.shape", f"is {list(shape)}; send [rows, hidden] with at least one row")
    data, expected = rows.data, shape[0] * shape[1] * DTYPE_BYTES[dtype]
    if len(data) != expected:
        raise ExpertRefused(f"{field}.data", f"has {len(data)} bytes where {list(shape)} of {dtype} takes {expected}")
    return TensorFrame(dtype, shape, data)


def encode_call(call_id: int, call: ExpertCall) -> pb.ExpertUp:
    """Raises ExpertRefused for rows that cannot travel."""
    return pb.ExpertUp(
        call=pb.ExpertCallUp(
            call_id=call_id,
            placement_epoch=call.placement_epoch,
            tick=call.tick,
            pass_index=call.pass_index,
            layer=call.layer,
            attempt=call.attempt,
            experts=call.experts,
            rows=encode_rows(call.rows, "call.rows"),
        )
    )


def decode_call(up: pb.ExpertCallUp, shape: ShardShape) -> ExpertCall:
    """Raises ExpertRefused naming the first field a shard of this shape cannot take."""
    if up.layer >= shape.num_layers:
        raise ExpertRefused("call.layer", f"is {up.layer}; the checkpoint has layers 0..{shape.num_layers - 1}")
    rows, experts = decode_rows(up.rows, "call.rows"), tuple(up.experts)
    if rows.dtype is not shape.dtype:
        raise ExpertRefused("call.rows.dtype", f"is {rows.dtype}; this shard computes in {shape.dtype}")
    if rows.shape != (len(experts), shape.hidden_size):
        expected = [len(experts), shape.hidden_size]
        raise ExpertRefused("call.rows.shape", f"is {list(rows.shape)} where {expected} fits the experts and the model")
    _check_experts(experts, shape.experts)
    return ExpertCall(
        placement_epoch=up.placement_epoch,
        tick=up.tick,
        pass_index=up.pass_index,
        layer=up.layer,
        attempt=up.attempt,
        experts=experts,
        rows=rows,
    )


def _check_experts(experts: Sequence[int], held: frozenset[int]) -> None:
    if any(left > right for left, right in pairwise(experts)):
        raise ExpertRefused("call.experts", "must ascend; sort the rows by expert")
    missing = sorted(set(experts) - held)
    if missing:
        raise ExpertRefused("call.experts", f"{missing} are not held here; this shard holds {sorted(held)}")
