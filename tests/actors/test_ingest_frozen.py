"""An ingest process that stops dead and wakes again: nobody pays for it, and what it has to say counts no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import grpc
import pytest

from actors import scheduler_silence
from actors.scheduler import Scheduler
from cluster.config import load
from cluster.model.presets import MICRO
from cluster.model.random_checkpoint import write_random_checkpoint
from cluster.session.store import MemoryStore
from counterpoint.v1 import interaction_pb2 as v1
from tests.actors.ingest_process import IngestProcess, ingest_process
from tests.actors.ingest_rig import Client, configure
from tests.actors.scheduler_rig import engine_shell, scheduling

SOME, SECOND = 3, 5  # micro-turns
MS = 1_000_000


@dataclass
class House:
    """A scheduler here, ingests in processes of their own."""

    edge: str
    scheduler: Scheduler
    checkpoint: Path
    stack: AsyncExitStack
    clients: list[Client] = field(default_factory=list)

    async def ingest(self) -> IngestProcess:
        return await self.stack.enter_async_context(ingest_process(self.edge, self.checkpoint))

    def client(self, at: IngestProcess) -> Client:
        client = Client(at.target)
        self.stack.push_async_callback(client.close)
        return client

    async def opened(self, at: IngestProcess) -> tuple[Client, v1.Granted]:
        client = self.client(at)
        await client.send(configure=configure(lockstep=False, audio_out=None))
        return client, await client.next("granted")

    async def detached(self) -> None:
        """Until the scheduler has given the ingest of its session up."""
        while self.scheduler.sessions()[0].attached:  # noqa: ASYNC110 - what is awaited is that nothing comes
            await asyncio.sleep(0.02)

    async def resumed(self, at: IngestProcess, granted: v1.Granted, received_k: int) -> tuple[Client, v1.Granted]:
        client = self.client(at)
        resume = v1.Resume(session_id=granted.session_id, token=granted.resume_token, received_k=received_k)
        await client.send(seq=0, resume=resume)
        again = await client.next("granted")
        client.seq = again.accepted_through
        return client, again


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    checkpoint = write_random_checkpoint(tmp_path, config=replace(MICRO, num_hidden_layers=2), sil_bias=2.0)
    overrides = {"engine.checkpoint": checkpoint, "experts.exchange": "local", "serve.voice": ""}
    config = load(env={}, overrides={**overrides, "scheduler.max_sessions": 2, "serve.data_dir": tmp_path})
    engine = engine_shell(config)
    address = await engine.start()
    async with (
        scheduling(config, address, MemoryStore(), lockstep=False) as (scheduler, edge),
        AsyncExitStack() as stack,
    ):
        yield House(edge, scheduler, checkpoint, stack)
    await engine.stop()


def results(client: Client) -> list[v1.MicroTurnDone]:
    return [one.micro_turn for one in client.seen if one.HasField("micro_turn")]


def ks(client: Client) -> list[int]:
    return [done.k for done in results(client)]


async def closed(client: Client) -> v1.Closed:
    await client.send(close=v1.Close())
    return await client.next("closed")


@pytest.mark.parametrize("given_up", [False, True], ids=["in time", "given up by its scheduler"])
async def test_who_comes_back_elsewhere_has_everything_once_and_the_frozen_ingest_wakes_up_fenced(
    house: House, given_up: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler_silence, "LOST_NS", 500 * MS if given_up else 3_600_000 * MS)
    frozen, other = await asyncio.gather(house.ingest(), house.ingest())
    client, granted = await house.opened(frozen)
    await client.speak(granted, 0, SOME)
    while (accepted := await client.next("accepted")).through < SOME:
        pass
    frozen.freeze()
    await client.speak(granted, SOME, SOME + SECOND)  # said into the void
    if given_up:
        await house.detached()
    again, regranted = await house.resumed(other, granted, received_k=ks(client)[-1])
    assert accepted.through <= regranted.accepted_through <= client.seq
    await again.speak(granted, regranted.accepted_through - 1, SOME + SECOND)
    frozen.wake()
    await client.next("superseded")
    assert (await client.status())[0] is grpc.StatusCode.OK
    await again.speak(granted, SOME + SECOND, 2 * SOME + SECOND)
    micro_turns = (await closed(again)).micro_turns
    assert micro_turns == 2 * SOME + SECOND
    assert [one.accepted.audio_samples for one in again.seen if one.HasField("accepted")][-1] == micro_turns * 3200
    before = ks(client)[: ks(again)[0]]  # a stream that nobody read is no matter
    assert before + ks(again) == list(range(micro_turns))
    assert "input_missing" not in {each.what for done in results(again) for each in done.degradations}


async def test_an_ingest_that_wakes_with_its_client_goes_on_and_the_clients_token_stays_good(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler_silence, "LOST_NS", 500 * MS)
    ingest = await house.ingest()
    client, granted = await house.opened(ingest)
    for k in (SOME, 2 * SOME + SECOND):  # a token that were spent each time would be worthless after the second
        await client.speak(granted, k - SOME, k)
        ingest.freeze()
        await client.speak(granted, k, k + SECOND)
        await house.detached()
        ingest.wake()
        await client.turns(k + SECOND - len(results(client)))
    micro_turns = 2 * (SOME + SECOND)
    assert ks(client) == list(range(micro_turns))
    client.vanish()
    again, regranted = await house.resumed(ingest, granted, received_k=micro_turns - 1)
    assert regranted.resumed
    await closed(again)
