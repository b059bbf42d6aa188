"""The times of an edge message, from the scheduler's clock to ours and back. Durations are the same on both."""

from __future__ import annotations

from cluster.offset import Offset
from counterpoint.internal.v1 import edge_pb2 as pb


def to_ours(message: pb.EdgeDown, offset: Offset) -> pb.EdgeDown:
    """In place. Raises LookupError before the clocks were compared."""
    match message.WhichOneof("message"):
        case "result":
            _result(message.result, offset)
        case "granted":
            message.granted.media_epoch_ns = offset.ours(message.granted.media_epoch_ns)
            for result in message.granted.replay:
                _result(result, offset)
    return message


def to_theirs(message: pb.EdgeUp, offset: Offset) -> pb.EdgeUp:
    """In place. Raises LookupError before the clocks were compared."""
    if message.HasField("turn"):
        message.turn.ready_ns = offset.theirs(message.turn.ready_ns)
    return message


def _result(result: pb.TurnResult, offset: Offset) -> None:
    result.due_ns, result.cutoff_ns = offset.ours(result.due_ns), offset.ours(result.cutoff_ns)
