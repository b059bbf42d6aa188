"""Messages of the edge stream travel together without losing their order."""

from __future__ import annotations

from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.edge_parcel import MOST, MOST_BYTES, pack, unpack
from counterpoint.internal.v1 import edge_pb2 as pb


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, MOST_BYTES // 2), max_size=3 * MOST))
def test_every_message_arrives_once_and_in_order_in_bounded_parcels(sizes: list[int]) -> None:
    waiting = deque(
        pb.EdgeUp(session=str(i), turn=pb.TurnReady(audio=bytes(size if i % 9 == 0 else size % 600)))
        for i, size in enumerate(sizes)
    )
    sent = [message.SerializeToString() for message in waiting]
    arrived = []
    while waiting:
        parcel = pb.EdgeUp.FromString(pack(waiting).SerializeToString())
        assert len(parcel.more) <= MOST
        assert not parcel.more or parcel.ByteSize() <= 1.1 * MOST_BYTES
        for message in unpack(parcel):
            single = pb.EdgeUp.FromString(message.SerializeToString())
            single.ClearField("more")
            arrived.append(single.SerializeToString())
    assert arrived == sent


def test_what_waits_alone_leaves_alone() -> None:
    waiting = deque([pb.EdgeDown(session="a", result=pb.TurnResult(k=3))])
    parcel = pack(waiting)
    assert [message.result.k for message in unpack(parcel)] == [3]
    assert not waiting
