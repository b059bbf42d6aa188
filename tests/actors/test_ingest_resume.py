"""Sessions that outlive a client, an ingest or a scheduler: resumes, takeovers, lost peers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import numpy as np
import pytest

from actors import ingest_attach
from counterpoint.internal.v1 import edge_pb2 as pb
from counterpoint.v1 import interaction_pb2 as v1
from tests.actors.ingest_rig import Client, Rig, configure, rig, write_checkpoint

DRINK, WATER = 6, 7


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(write_checkpoint(tmp_path), {2: (DRINK, WATER)}) as made:
        yield made


async def test_a_client_that_vanishes_is_detached_and_resumes_with_nothing_sent_twice(served: Rig) -> None:
    client, granted = await served.opened()
    for k in range(3):
        await client.audio(k)
    turns = await client.turns(3)
    client.vanish()
    await served.scheduler.until(lambda: served.scheduler.session.detached is not None)
    again, regranted = await served.resumed(granted, received_k=1)
    assert (regranted.next_k, regranted.accepted_through, regranted.resumed) == (3, 4, True)
    assert regranted.resume_token != granted.resume_token
    (missed,) = await again.turns(1)
    assert (missed.k, missed.audio, missed.text) == (2, turns[2].audio, turns[2].text)
    await again.audio(3)
    (live,) = await again.turns(1)
    assert live.k == 3
    assert np.frombuffer(live.audio, "<i2")[:1200].tolist() == [WATER] * 1200


async def test_another_ingest_goes_on_where_the_first_one_died(served: Rig) -> None:
    client, granted = await served.opened()
    for k in range(3):
        await client.audio(k)
    await client.turns(3)
    await served.ingest()
    again, regranted = await served.resumed(granted, received_k=2)
    assert regranted.next_k == 3
    await again.audio(3)
    (turn,) = await again.turns(1)
    assert turn.k == 3


async def test_another_ingest_remakes_the_sound_nobody_heard_and_nothing_before(served: Rig) -> None:
    client, granted = await served.opened()
    for k in range(3):
        await client.audio(k)
    await client.turns(3)
    await served.ingest()
    again, _ = await served.resumed(granted, received_k=2)
    await again.audio(3)
    (turn,) = await again.turns(1)
    heard = np.frombuffer(turn.audio, "<i2")
    assert heard[:1200].tolist() == [WATER] * 1200
    assert not heard[1200:].any()
    assert turn.text == []


async def test_what_an_ingest_kept_is_not_heard_after_another_one_has_served(served: Rig) -> None:
    client, granted = await served.opened()
    for k in range(3):
        await client.audio(k)
    await client.turns(3)  # a quarter of WATER is still to sound
    first = served.target
    client.vanish()
    await served.scheduler.until(lambda: served.scheduler.session.detached is not None)
    await served.ingest()
    other, regranted = await served.resumed(granted, received_k=2)
    for k in (3, 4):
        await other.audio(k)
    await other.turns(2)
    other.vanish()
    served.target = first
    again, _ = await served.resumed(regranted, received_k=4)
    await again.audio(5)
    (turn,) = await again.turns(1)
    assert (turn.k, turn.audio) == (5, b"")


async def test_another_ingest_sends_again_what_the_client_did_not_receive(served: Rig) -> None:
    client, granted = await served.opened()
    for k in range(4):
        await client.audio(k)
    first = await client.turns(4)
    await served.ingest()
    again, _ = await served.resumed(granted, received_k=1)
    second = await again.turns(2)
    assert [turn.audio for turn in second] == [turn.audio for turn in first[2:]]
    assert [turn.text for turn in second] == [turn.text for turn in first[2:]]


async def test_a_second_client_with_a_valid_token_takes_the_session_over(served: Rig) -> None:
    client, granted = await served.opened()
    await client.audio(0)
    await client.turns(1)
    again, _ = await served.resumed(granted, received_k=0)
    await client.next("superseded")
    assert (await client.status())[0] is grpc.StatusCode.OK
    await again.audio(1)
    assert [turn.k for turn in await again.turns(1)] == [1]
    assert served.scheduler.session.detached is None


async def test_a_stale_owner_cannot_speak(served: Rig) -> None:
    client, _ = await served.opened()
    session = served.scheduler.session
    session.epoch = 5
    await client.audio(0)
    await client.turns(1)
    session.epoch = 4
    await served.scheduler.say(session, result=pb.TurnResult(k=1, timing="on_time"))
    session.epoch = 5
    await client.audio(1)
    done = (await client.turns(1))[0]
    assert (done.k, done.tick) == (1, 101)
    assert served.metrics.text().count(b'counterpoint_fenced_total{place="ingest"} 1.0') == 1


async def test_a_scheduler_that_comes_back_is_found_again_without_the_client(served: Rig) -> None:
    client, _ = await served.opened()
    await client.audio(0)
    await client.turns(1)
    await served.another_scheduler()
    await client.audio(1)
    assert [turn.k for turn in await client.turns(1)] == [1]
    assert b'counterpoint_failover_gap_seconds_count{lost="scheduler"} 1.0' in served.metrics.text()


async def test_a_new_scheduler_is_told_what_the_client_has_and_the_clients_token_stays(served: Rig) -> None:
    client, granted = await served.opened()
    for k in range(3):
        await client.audio(k)
    await client.turns(3)
    fresh = await served.another_scheduler()
    await client.audio(3)
    assert [turn.k for turn in await client.turns(1)] == [3]
    (asked,) = fresh.reattached
    assert (asked.seat, asked.received_k) == (1, 2)
    assert [(result.k, tuple(result.tokens)) for result in asked.ring] == [(0, ()), (1, ()), (2, (DRINK, WATER))]
    assert fresh.session.tokens == [granted.resume_token]


async def test_a_new_scheduler_is_told_that_the_client_has_said_goodbye(served: Rig) -> None:
    client, _ = await served.opened()
    served.scheduler.answers = False
    await client.audio(0)
    await client.send(close=v1.Close())
    await served.scheduler.until(lambda: served.scheduler.session.goodbye)
    await served.another_scheduler()
    assert (await client.next("closed")).reason == "client"


async def test_an_ingest_whose_client_came_back_elsewhere_does_not_take_the_session_back(served: Rig) -> None:
    client, _ = await served.opened()
    await client.audio(0)
    await client.turns(1)
    session = served.scheduler.session
    session.seat = 2
    await served.another_scheduler()
    await client.next("superseded")
    assert (await client.status())[0] is grpc.StatusCode.OK
    assert session.attachment == 1


async def test_a_scheduler_that_stays_away_sends_the_client_away_to_resume(served: Rig) -> None:
    client, _ = await served.opened()
    served.directory.address = ""
    await served.scheduler.stop()
    away = await client.next("going_away")
    assert "resume" in away.reason
    assert (await client.status())[0] is grpc.StatusCode.UNAVAILABLE


async def test_a_frozen_scheduler_is_noticed_by_its_heartbeat(served: Rig) -> None:
    client, _ = await served.opened()
    await client.audio(0)
    await client.turns(1)
    served.directory.address = ""
    served.scheduler.frozen = True
    await client.next("going_away")
    assert (await client.status())[0] is grpc.StatusCode.UNAVAILABLE


def broken(*_: object, **__: object) -> None:
    raise RuntimeError("no session today")


async def refused(client: Client) -> None:
    assert (await client.next("error")).code == "internal"
    assert (await client.status())[0] is grpc.StatusCode.INTERNAL


async def test_a_session_that_cannot_be_begun_after_its_grant_is_closed(
    served: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_attach, "IngestSession", broken)
    client = served.client()
    await client.send(configure=configure())
    await refused(client)
    await served.scheduler.until(lambda: served.scheduler.session.ended)


@pytest.mark.parametrize("fails", ["opening_of", "IngestSession"])
async def test_a_resume_that_fails_here_after_its_grant_leaves_the_session_detached(
    served: Rig, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    gone, granted = await served.opened()
    gone.vanish()
    session = served.scheduler.session
    await served.scheduler.until(lambda: session.detached is not None)
    with monkeypatch.context() as patched:
        patched.setattr(ingest_attach, fails, broken)
        client = served.client()
        resume = v1.Resume(session_id=granted.session_id, token=granted.resume_token, received_k=-1)
        await client.send(seq=0, resume=resume)
        await refused(client)
    await served.scheduler.until(lambda: session.attachment == 2 and session.detached is not None)
    again = v1.Granted(session_id=granted.session_id, resume_token=session.tokens[-1])
    _, regranted = await served.resumed(again, received_k=-1)
    assert regranted.resumed
