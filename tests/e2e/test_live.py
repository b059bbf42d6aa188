"""Live sessions over the real thing: Ray, Valkey, gRPC, two expert shards, and processes that get killed."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from urllib.request import urlopen

import grpc
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from counterpoint.client import Failed, InteractionClient, Refused, Session, send_paced
from tests.e2e.conftest import Served, serving
from tests.e2e.kept import assert_replays, entered, made_of
from tests.e2e.talking import PATIENT, RATE, Talk, audio, converse, noise

LAYERS = 6
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
CLOSED = "client"  # why a session ended that its client closed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def counted(address: str, name: str) -> float:
    """The value of a series, with its labels as they are exposed."""
    with urlopen(f"http://{address}/metrics", timeout=5) as page:
        return float(re.search(rf"^{re.escape(name)} (\S+)$", page.read().decode(), re.MULTILINE)[1])


def served_calls(cluster: Served) -> list[float]:
    return [counted(at, "counterpoint_expert_compute_seconds_count") for at in cluster.metrics("expert")]


def assert_whole(talk: Talk, micro_turns: int) -> None:
    """Exactly one result for every k, in order; no sample of the output was sent twice.

    While a client is away time goes on: a session may then be longer than what its client had to say.
    """
    assert talk.closed == CLOSED
    assert talk.ks == list(range(len(talk.ks)))
    assert len(talk.ks) == micro_turns or (talk.disconnected and len(talk.ks) > micro_turns)
    for (_, end), (start, _) in zip(talk.sounded, talk.sounded[1:], strict=False):
        assert start >= end


async def test_a_live_session_gets_one_result_for_every_micro_turn(cluster: Served) -> None:
    before = served_calls(cluster)
    talk = await converse(cluster.target, 4.0)
    assert_whole(talk, 20)
    assert talk.sounded, "noise made the model say nothing"
    assert talk.disconnected == 0
    calls = [after - was for after, was in zip(served_calls(cluster), before, strict=True)]
    ran = {turn.message.tick: turn.message.stages for turn in talk.turns if turn.message.stages.passes}
    assert all(LAYERS * stages.passes <= stages.shards_used <= 2 * LAYERS * stages.passes for stages in ran.values())
    assert all(stages.expert_calls == stages.shards_used for stages in ran.values())
    assert all(calls)
    assert sum(calls) >= sum(stages.expert_calls for stages in ran.values())


async def test_every_actor_is_a_process_of_its_own(cluster: Served) -> None:
    roles = ["supervisor", "expert", "engine", "scheduler", "ingest"]
    assert [len(cluster.pids(role)) for role in roles] == [1, 2, 1, 1, 1]
    pids = [pid for role in roles for pid in cluster.pids(role)]
    assert len(set(pids)) == len(pids)


async def test_actors_wait_behind_nobody(cluster: Served) -> None:
    pids = [actor["pid"] for actor in cluster.facts["actors"]]
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert {os.getpriority(os.PRIO_PROCESS, pid) for pid in pids} == {own}


async def test_all_that_is_held_of_a_session_can_be_had_and_erased(cluster: Served) -> None:
    async with InteractionClient(cluster.target) as client:
        session = await client.start(audio())
        await send_paced(session, noise(3.0))
        token = session.granted.resume_token
        held = await client.export(session.session_id, token)
        assert set(held) == {"terms.json", "journal.jsonl", "heard.ogg", "history.jsonl"}
        assert await client.delete(session.session_id, token)
        *_, closed = [event async for event in session]
        assert closed.message.reason.startswith("deleted")
        with pytest.raises(Failed, match="unauthenticated"):
            await client.export(session.session_id, token)
    history = cluster.folder / "data" / "history" / f"{session.session_id}.jsonl"
    assert not history.exists()


async def test_lockstep_runs_on_a_pair_of_its_own_and_needs_no_wall_clock(cluster: Served) -> None:
    first, again = [await converse(cluster.target, 6.0, lockstep=True) for _ in range(2)]
    assert_whole(first, 30)
    assert {turn.message.timing for turn in first.turns} == {1}  # on time, whatever the machine is doing
    assert [turn.said for turn in first.turns] == [turn.said for turn in again.turns]


async def test_sessions_are_refused_by_name_when_all_slots_are_taken(cluster: Served) -> None:
    talks = await asyncio.gather(*(converse(cluster.target, 3.0) for _ in range(5)), return_exceptions=True)
    refused = [talk for talk in talks if isinstance(talk, Exception)]
    assert len(refused) == 1
    assert "scheduler.max_sessions" in str(refused[0])
    for talk in talks:
        if isinstance(talk, Talk):
            assert_whole(talk, 15)


@pytest.fixture(scope="module")
def killable(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory):
    """A cluster whose actors get killed; each is started again by the supervisor.

    On a crowded machine the shard that is left may be slow too: it is waited for, so that what is asserted is the rule.
    """
    patient = {"COUNTERPOINT_EXPERTS__LAST_RESORT_MS": "5000"}
    with serving(checkpoint, tmp_path_factory.mktemp("killable"), "--sessions", "4", env=patient) as served:
        yield served


async def test_a_session_does_not_notice_the_death_of_the_supervisor_and_new_ones_are_placed_again(
    killable: Served,
) -> None:
    health = asyncio.create_task(hears(killable.target, SERVING, NOT_SERVING, SERVING))
    others = [pid for role in ("expert", "engine", "scheduler", "ingest") for pid in killable.pids(role)]
    asked: list[asyncio.Task[Talk]] = []

    async def kill(_: object) -> None:
        killable.kill("supervisor-0")
        asked.append(asyncio.create_task(placed(killable.target)))

    talk = await converse(killable.target, 4.0, at_k=5, then=kill, patience=PATIENT)
    assert (talk.closed, talk.disconnected) == (CLOSED, 0)
    assert talk.ks == list(range(len(talk.ks)))
    assert len(talk.ks) >= 20
    assert (await asked[0]).turns
    assert all(psutil.pid_exists(pid) for pid in others)
    await asyncio.wait_for(health, 60)


async def hears(target: str, *statuses: int) -> None:
    """Returns once the health service of an ingest has said these, one after the other."""
    left = [*statuses]
    async with grpc.aio.insecure_channel(target) as channel:
        async for answer in health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest()):
            if answer.status == left[0] and not left[1:]:
                return
            if answer.status == left[0]:
                left.pop(0)


async def placed(target: str) -> Talk:
    """A short session, as soon as there is a supervisor to place it; who waits for one is refused by name."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await converse(target, 1.0, patience=PATIENT)
            except Refused as refused:
                assert refused.limit in ("supervisor", "scheduler")
                await asyncio.sleep(refused.retry_after_ms / 1000)


async def test_a_session_survives_the_death_of_its_ingest_and_nothing_accepted_is_lost(
    killable: Served, checkpoint: Path, tmp_path: Path
) -> None:
    accepted: list[int] = []

    async def kill(session: Session) -> None:
        accepted.append(session.accepted_samples)
        killable.kill("ingest-0")

    talk = await converse(killable.target, 8.0, at_k=10, then=kill, patience=PATIENT, export=True)
    assert talk.disconnected >= 1
    assert talk.resumed == 1
    (scheduler,) = killable.metrics("scheduler")
    assert counted(scheduler, 'counterpoint_failover_gap_seconds_count{lost="ingest"}') == 1
    assert_whole(talk, 40)
    promised = made_of(noise(accepted[0] / RATE), checkpoint)
    assert len(promised) >= 9  # it lags behind the results by one tick or two
    assert entered(talk)[: len(promised)] == promised
    await assert_replays(talk, checkpoint, tmp_path)


async def test_a_session_does_not_notice_the_death_of_an_expert_shard_and_replays_without_it(
    killable: Served, checkpoint: Path, tmp_path: Path
) -> None:
    async def kill(_: object) -> None:
        killable.kill("expert-1")

    talk = await converse(killable.target, 6.0, at_k=10, then=kill, export=True)
    assert_whole(talk, 30)
    assert talk.disconnected == 0
    dropped = [turn.k for turn in talk.turns if any(d.what == "expert_dropped" for d in turn.message.degradations)]
    assert dropped == []
    await assert_replays(talk, checkpoint, tmp_path)


async def test_a_session_survives_the_death_of_its_engine_and_replays_across_it(
    killable: Served, checkpoint: Path, tmp_path: Path
) -> None:
    async def kill(_: object) -> None:
        killable.kill("engine-0")

    talk = await converse(killable.target, 8.0, at_k=10, then=kill, export=True)
    assert_whole(talk, 40)
    await assert_replays(talk, checkpoint, tmp_path)


@pytest.mark.long
async def test_the_ranks_of_all_to_all_serve_and_meet_again_after_one_died(checkpoint: Path, tmp_path: Path) -> None:
    with serving(checkpoint, tmp_path, "--sessions", "2", "--exchange", "alltoall") as cluster:

        async def kill(_: object) -> None:
            cluster.kill("rank-1")

        talk = await converse(cluster.target, 10.0, at_k=10, then=kill)
        assert_whole(talk, 50)
        assert any(turn.message.stages.passes for turn in talk.turns[-5:])
