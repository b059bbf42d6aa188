"""What waits in an ingest is bounded; beyond the bound a stream ends with a reason or a link is made anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from actors import ingest_egress, ingest_link
from actors.ingest_link import Attachment
from actors.ingest_links import Links
from cluster.clock import MonotonicClock
from cluster.errors import Rejected, ResyncRequired
from counterpoint.internal.v1 import edge_pb2 as pb
from counterpoint.v1 import interaction_pb2 as v1
from tests.actors.ingest_rig import Rig, rig, write_checkpoint


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(write_checkpoint(tmp_path)) as made:
        yield made


class Listener:
    def __init__(self) -> None:
        self.heard: list[int] = []
        self.failures: list[Exception] = []
        self.lost: list[str] = []

    def down(self, message: pb.EdgeDown) -> None:
        self.heard.append(message.result.k)

    def failed(self, error: Exception) -> None:
        self.failures.append(error)

    def link_lost(self, reason: str) -> None:
        self.lost.append(reason)


def early(served_turns: int) -> tuple[Attachment, Listener]:
    attachment = Attachment(link=None, granted=pb.EdgeDown())
    for k in range(served_turns):
        attachment.deliver(pb.EdgeDown(result=pb.TurnResult(k=k)))
    return attachment, Listener()


def test_what_came_early_is_heard_in_order_and_more_than_is_kept_ends_the_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ingest_link, "MAX_EARLY", 3)
    attachment, listener = early(3)
    attachment.listen(listener)
    assert (listener.heard, listener.failures) == ([0, 1, 2], [])
    attachment, listener = early(5)
    attachment.listen(listener)
    assert listener.heard == [0, 1, 2]
    assert [type(error) for error in listener.failures] == [Rejected]


def test_a_link_lost_before_anyone_listened_is_told() -> None:
    attachment, listener = early(0)
    attachment.lost("gone")
    attachment.listen(listener)
    assert listener.lost == ["gone"]


async def test_too_many_results_for_the_voice_end_the_stream_and_it_can_be_resumed(
    served: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, granted = await served.opened()
    with monkeypatch.context() as patched:
        patched.setattr(ingest_egress, "MAX_WAITING", 0)
        await client.audio(0)
        error = await client.next("error")
    assert (error.code, error.fatal) == ("overloaded", True)
    assert "limits.output_queue" in error.message
    await served.scheduler.until(lambda: served.scheduler.session.detached is not None)
    again, _ = await served.resumed(granted, received_k=-1)
    assert [turn.k for turn in await again.turns(1)] == [0]


async def test_a_link_with_too_much_to_send_is_made_anew(served: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = await served.opened()
    await client.audio(0)
    await client.turns(1)
    session = served.scheduler.session
    (links,) = (ingest._links for ingest in served._ingests)
    (link,) = links._links.values()
    with monkeypatch.context() as patched:
        patched.setattr(ingest_link, "MAX_SENDING", 0)
        await client.send(control=v1.Control(control_id="c", ping=v1.Ping()))
        await asyncio.wait({link._task})
    await served.scheduler.until(lambda: session.attachment == 2)
    assert (await client.next("control_ack")).control_id == "c"


class Directory:
    """Answers `find` with these errors, then with the last of them for ever."""

    def __init__(self, *errors: Exception) -> None:
        self._errors, self.asked = errors, 0

    async def find(self, session: str) -> str:
        self.asked += 1
        raise self._errors[min(self.asked, len(self._errors)) - 1]


async def test_a_session_nobody_can_own_is_not_looked_for_again() -> None:
    directory = Directory(Rejected("supervisor", "away"), ResyncRequired("gone"))
    with pytest.raises(ResyncRequired):
        await Links(directory, pb.Hello(), MonotonicClock()).find_again("default.0", pb.Reattach())
    assert directory.asked == 2


async def test_an_owner_is_looked_for_with_growing_pauses() -> None:
    directory = Directory(Rejected("supervisor", "away"))
    with pytest.raises(Rejected):
        await Links(directory, pb.Hello(), MonotonicClock()).find_again("default.0", pb.Reattach())
    assert 3 <= directory.asked <= 9
