"""A whole scheduler over real gRPC with a real engine: sessions open, speak, lose their ingest, engine and owner."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from actors.scheduler import Scheduler
from cluster.clock import MonotonicClock
from cluster.config import Config, load
from cluster.errors import StoreUnavailable, Unauthenticated
from cluster.media.heard import HeardEncoder, ogg
from cluster.model.random_checkpoint import write_random_checkpoint
from cluster.session.commands import JournalWrite
from cluster.session.events import JournalOutcome
from cluster.session.redis_store import RedisOptions, RedisStore
from cluster.session.replay import replay_machine
from cluster.session.store import MemoryStore
from cluster.telemetry.metrics import Metrics
from counterpoint.v1 import interaction_pb2 as public
from tests.actors.edge_peer import EdgePeer
from tests.actors.scheduler_rig import engine_shell, scheduling


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_random_checkpoint(tmp_path_factory.mktemp("checkpoint"), sil_bias=1.0)


@pytest.fixture
def config(checkpoint: Path, tmp_path: Path) -> Config:
    overrides = {
        "engine.checkpoint": checkpoint,
        "engine.dtype": "f32",
        "experts.exchange": "local",
        "scheduler.max_sessions": 2,
        "serve.data_dir": tmp_path,
    }
    return load(env={}, overrides=overrides)


@pytest.fixture
async def engine(config: Config) -> AsyncIterator[str]:
    shell = engine_shell(config)
    yield await shell.start()
    await shell.stop()


async def test_lockstep_answers_every_micro_turn_once_and_in_order_without_waiting_for_the_wall(
    config: Config, engine: str
) -> None:
    async with scheduling(config, engine, MemoryStore()) as (_, address), EdgePeer(address) as peer:
        granted = (await peer.open(lockstep=True)).granted
        assert granted.lockstep
        for k in range(30):  # six seconds of media, two of them ahead
            await peer.turn(k)
            await peer.result(max(0, k - 9))
        await peer.result(29)
        assert [result.k for result in peer.results] == list(range(30))
        assert {result.timing for result in peer.results} == {"on_time"}
        assert any(result.tokens for result in peer.results)
        while peer.accepted < 29:
            await peer.until("accepted")


async def test_without_its_store_a_scheduler_does_not_start_and_says_where_it_looked(config: Config) -> None:
    store = RedisStore(RedisOptions(url="redis://127.0.0.1:1", timeout_ms=200))
    scheduler = Scheduler(
        config, store, "127.0.0.1:1", MonotonicClock(), host="127.0.0.1", lockstep=True, metrics=Metrics()
    )
    with pytest.raises(StoreUnavailable, match=r"redis\.url: the session store does not answer .*check that it runs"):
        await scheduler.start()
    await scheduler.stop()


async def test_a_live_session_is_ticked_by_the_wall(config: Config, engine: str) -> None:
    async with scheduling(config, engine, MemoryStore(), lockstep=False) as (_, address), EdgePeer(address) as peer:
        granted = (await peer.open()).granted
        for k in range(4):
            await peer.turn(k)
        result = await peer.result(3)
        assert [result.k for result in peer.results] == [0, 1, 2, 3]
        assert result.cutoff_ns == granted.media_epoch_ns + 4 * 200_000_000 + granted.jitter_ms * 1_000_000
        assert result.due_ns - result.cutoff_ns == granted.due_ms * 1_000_000


async def test_beyond_the_limit_a_session_is_refused_by_name_and_leaves_nothing_behind(
    config: Config, engine: str
) -> None:
    store = MemoryStore()
    async with scheduling(config, engine, store) as (scheduler, address), EdgePeer(address) as peer:
        await peer.open(lockstep=True)
        await peer.open(lockstep=True)
        refused = (await peer.open(lockstep=True)).rejected
        assert refused.limit == "scheduler.max_sessions"
        assert refused.retry_after_ms > 0
        assert not refused.reason.startswith(refused.limit)  # named once
        assert len(scheduler.sessions()) == 2
        assert len(store._held) == 2


async def test_a_session_whose_ingest_dies_goes_on_at_another_with_what_was_not_received(
    config: Config, engine: str
) -> None:
    async with scheduling(config, engine, MemoryStore()) as (_, address):
        async with EdgePeer(address) as first:
            granted = await first.open(lockstep=True)
            for k in range(10):
                await first.turn(k)
            before = {result.k: result for result in [await first.result(k) for k in range(10)]}
        session, token = granted.session, granted.granted.token
        async with EdgePeer(address, "ingest-1") as second:
            again = await second.reattach(session, token, received_k=6)
            assert again.attachment > granted.attachment
            assert again.granted.resumed
            assert again.granted.next_k == 10
            assert [result.k for result in again.granted.replay] == [7, 8, 9]
            assert [list(r.tokens) for r in again.granted.replay] == [list(before[k].tokens) for k in (7, 8, 9)]
            await second.turn(10)
            assert (await second.result(10)).k == 10
            assert again.granted.token != token


async def test_a_second_client_with_a_valid_token_supersedes_the_first(config: Config, engine: str) -> None:
    async with (
        scheduling(config, engine, MemoryStore()) as (_, address),
        EdgePeer(address) as first,
        EdgePeer(address, "ingest-1") as second,
    ):
        granted = await first.open(lockstep=True)
        await first.turn(0)
        await first.result(0)
        await second.reattach(granted.session, granted.granted.token, received_k=0)
        told = await first.until("superseded")
        assert told.attachment == granted.attachment
        await first.turn(1)  # too late: it is not the client any more
        await second.turn(1)
        assert (await second.result(1)).k == 1
        assert [result.k for result in first.results] == [0]


async def test_a_wrong_token_is_refused_and_hurts_nobody(config: Config, engine: str) -> None:
    async with (
        scheduling(config, engine, MemoryStore()) as (_, address),
        EdgePeer(address) as owner,
        EdgePeer(address, "ingest-1") as thief,
    ):
        granted = await owner.open(lockstep=True)
        refused = (await thief.reattach(granted.session, "guess", received_k=-1)).rejected
        assert (refused.code, refused.limit) == ("unauthenticated", "resume.token")
        assert refused.reason.startswith("is not valid")
        nameless = (await thief.reattach("nonsense", "guess", received_k=-1)).rejected
        assert (nameless.code, nameless.limit) == ("unauthenticated", "resume.session_id")
        await owner.turn(0)
        assert (await owner.result(0)).k == 0


async def test_a_session_survives_its_engine(config: Config) -> None:
    first, second = engine_shell(config), engine_shell(config)
    address = await first.start()
    async with scheduling(config, address, MemoryStore()) as (scheduler, edge), EdgePeer(edge) as peer:
        await peer.open(lockstep=True)
        for k in range(5):
            await peer.turn(k)
        await peer.result(4)
        await first.stop()
        scheduler.set_engine(await second.start())
        for k in range(5, 12):
            await peer.turn(k)
        await peer.result(11)
        assert [result.k for result in peer.results] == list(range(12))
        assert peer.results[-1].timing == "on_time"
    await second.stop()


async def test_a_session_survives_its_scheduler(config: Config, engine: str) -> None:
    store = MemoryStore()
    async with scheduling(config, engine, store, lockstep=False) as (_, address), EdgePeer(address) as peer:
        granted = await peer.open()
        for k in range(3):
            await peer.turn(k)
        await peer.result(2)
        while peer.accepted < 3:
            await peer.until("accepted")
    async with scheduling(config, engine, store, lockstep=False) as (_, address), EdgePeer(address) as peer:
        again = await peer.reattach(granted.session, granted.granted.token, received_k=1)
        assert again.epoch == granted.epoch + 1
        assert again.granted.media_epoch_ns == granted.granted.media_epoch_ns
        assert again.granted.next_k == 3
        lost = await peer.result(2)  # its output was not in the journal yet: it is made again and says so
        assert "reconstructed" in lost.degradations
        gone = (await peer.reattach("default.0123456789abcdef", "t", received_k=-1)).rejected
        assert gone.code == "unauthenticated"


async def test_all_that_is_held_of_a_session_can_be_had_and_erased_while_it_lives(config: Config, engine: str) -> None:
    store = MemoryStore()
    async with scheduling(config, engine, store) as (scheduler, address), EdgePeer(address) as peer:
        granted = await peer.open(lockstep=True)
        piece = {"turns": 5, "opus": HeardEncoder(16_000).encode([np.zeros(3_200, np.float32)] * 5)}
        await peer.say(heard={"k": 0} | piece)
        await peer.say(heard={"k": 5} | piece, attachment=7)  # of a stream that is not its own
        for k in range(5):
            await peer.turn(k)
        await peer.result(4)
        while peer.accepted < 4:
            await peer.until("accepted")
        session, token = granted.session, granted.granted.token
        await scheduler.authorise(session, token)
        with pytest.raises(Unauthenticated, match=r"resume\.token"):
            await scheduler.authorise(session, "guess")
        parts = dict(await scheduler.export(session))
        records = [json.loads(line) for line in parts["journal.jsonl"].splitlines()]
        assert {turn["k"] for record in records for turn in record.get("turns", ())} >= {0, 1, 2, 3}
        assert json.loads(parts["terms.json"])["session"] == session
        assert parts["heard.ogg"] == ogg([(0, piece["opus"])])
        assert replay_machine(parts["history.jsonl"].splitlines()).answered_k >= 3
        assert await scheduler.erase(session)
        assert (await peer.ends()).code == "deleted"
        assert (await scheduler.export(session), scheduler.sessions(), store._held) == ((), (), {})
        assert not [*(config.serve.data_dir / "history").iterdir()]
        assert not await scheduler.erase(session)
        assert (await peer.reattach(session, token, received_k=4)).rejected.code == "unauthenticated"


async def test_what_a_tenant_used_is_told_once_for_each_session_however_it_ended(config: Config, engine: str) -> None:
    async with scheduling(config, engine, MemoryStore()) as (scheduler, address), EdgePeer(address) as peer:
        granted = await peer.open(lockstep=True, tenant="acme")
        await peer.turn(0)
        await peer.say(close={"reason": "done"})
        await peer.ends()
        deleted = await peer.open(lockstep=True, tenant="acme", tier=public.TIER_PRIORITY)
        for k in range(3):
            await peer.turn(k)
        await peer.result(2)
        await scheduler.erase(deleted.session)
        assert await peer.ends()
    lines = [json.loads(line) for line in (config.serve.data_dir / "usage" / "acme.jsonl").read_text().splitlines()]
    used = [(line["session"], line["tier"], line["micro_turns"], line["seconds"]) for line in lines]
    assert used == [(granted.session, "standard", 1, 0.2), (deleted.session, "priority", 3, 0.6)]


class StuckStore(MemoryStore):
    """Takes journal writes and does not answer before it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def append(self, writes: Sequence[JournalWrite]) -> tuple[JournalOutcome, ...]:
        await self.gate.wait()
        return await super().append(writes)


async def test_results_never_wait_for_the_journal_and_acceptance_always_does(config: Config, engine: str) -> None:
    store = StuckStore()
    async with scheduling(config, engine, store) as (_, address), EdgePeer(address) as peer:
        await peer.open(lockstep=True)
        for k in range(5):
            await peer.turn(k)
        await peer.result(4)
        assert peer.accepted == 0
        store.gate.set()
        while peer.accepted < 4:
            await peer.until("accepted")


async def test_an_ended_session_is_gone_and_says_so(config: Config, engine: str) -> None:
    async with scheduling(config, engine, MemoryStore()) as (scheduler, address), EdgePeer(address) as peer:
        granted = await peer.open(lockstep=True)
        await peer.turn(0)
        await peer.say(close={"reason": "done"})
        ended = (await peer.until("ended")).ended
        assert (ended.code, ended.micro_turns) == ("closed", 1)
        refused = (await peer.reattach(granted.session, granted.granted.token, received_k=0)).rejected
        assert refused.code in ("resync_required", "unauthenticated")
        assert not scheduler.owns(granted.session)
        assert scheduler.sessions() == ()
