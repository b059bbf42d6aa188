"""The engine stream over real gRPC: fencing by epoch, failed steps, and probes while a step runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.engine_client import EngineClient, EngineFenced, EngineLost, StepFailed
from actors.engine_service import EngineFacts, EngineService
from actors.engine_thread import SteppingThread
from actors.engine_wire import decode_batch, decode_step, encode_batch, encode_step
from cluster.clock import MonotonicClock, ShiftedClock
from cluster.telemetry.metrics import Metrics
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
    Versions,
)
from counterpoint.internal.v1 import engine_pb2_grpc

VERSIONS = Versions(weights_sha256="ab", torch="2", isa="avx512", dtype="f32", deterministic=True)
FACTS = EngineFacts(checkpoint="micro", config_json="{}", versions=VERSIONS, num_slots=4, pages_free=7)


class EchoEngine:
    """Says the k of each micro-turn back as its token; tick 13 fails, and a closed gate holds every step."""

    def __init__(self) -> None:
        self.progress = 0
        self.gate = threading.Event()
        self.gate.set()

    def step(self, batch: TickBatch) -> StepResult:
        self.gate.wait()
        self.progress += 1
        self.deadline_ns = batch.deadline_ns
        if batch.n == 13:
            raise ValueError("out of luck")
        return StepResult(
            n=batch.n,
            engine_epoch=batch.engine_epoch,
            results=tuple(
                SlotResult(
                    session=work.session,
                    epoch=work.epoch,
                    outputs=tuple(TurnOutput(k=turn.k, tokens=(turn.k,), passes=1) for turn in work.turns),
                )
                for work in batch.work
            ),
        )


class Served:
    def __init__(self, engine: EchoEngine, thread: SteppingThread[EchoEngine], address: str) -> None:
        self.engine, self.thread, self.address = engine, thread, address


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    engine = EchoEngine()
    thread = SteppingThread(lambda: engine)
    await asyncio.wrap_future(thread.start())
    server = grpc.server(ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(EngineService(thread, FACTS, Metrics(), MonotonicClock()), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield Served(engine, thread, f"127.0.0.1:{port}")
    engine.gate.set()
    server.stop(None).wait()
    thread.close()


def batch(n: int, engine_epoch: int = 1) -> TickBatch:
    work = SlotWork(session="s", epoch=3, slot=0, turns=(MicroTurn(k=n),))
    return TickBatch(n=n, engine_epoch=engine_epoch, work=(work,))


async def test_a_scheduler_learns_the_facts_and_gets_its_steps(served: Served) -> None:
    client = EngineClient(served.address, MonotonicClock())
    assert await client.connect(5) == FACTS
    step = await client.step(batch(5))
    assert step.results[0].outputs[0].tokens == (5,)
    await client.close()


async def test_a_failed_step_is_told_and_the_stream_goes_on(served: Served) -> None:
    client = EngineClient(served.address, MonotonicClock())
    await client.connect(5)
    with pytest.raises(StepFailed, match="out of luck"):
        await client.step(batch(13))
    assert (await client.step(batch(14))).n == 14
    await client.close()


async def test_a_higher_epoch_takes_the_engine_and_the_stale_scheduler_is_told_to_stop(served: Served) -> None:
    old, new = EngineClient(served.address, MonotonicClock()), EngineClient(served.address, MonotonicClock())
    await old.connect(5)
    await new.connect(5)
    await old.step(batch(1, engine_epoch=1))
    await new.step(batch(1, engine_epoch=2))
    with pytest.raises(EngineFenced, match="2 holds this engine"):
        await old.step(batch(2, engine_epoch=1))
    assert (await new.step(batch(2, engine_epoch=2))).n == 2
    await old.close()
    await new.close()


async def test_two_streams_never_share_one_epoch(served: Served) -> None:
    first, second = EngineClient(served.address, MonotonicClock()), EngineClient(served.address, MonotonicClock())
    await first.connect(5)
    await second.connect(5)
    await first.step(batch(1))
    with pytest.raises(EngineFenced):
        await second.step(batch(1))
    await first.close()
    await second.close()


async def test_probes_are_answered_while_a_step_runs_and_the_counter_stands_when_it_is_stuck(served: Served) -> None:
    client = EngineClient(served.address, MonotonicClock())
    await client.connect(5)
    served.engine.gate.clear()
    step = asyncio.ensure_future(client.step(batch(1)))
    seen = [await client.probe() for _ in range(3)]
    assert not step.done()
    assert seen[-1] == served.thread.progress
    served.engine.gate.set()
    await step
    assert served.thread.progress > seen[-1]
    await client.close()


@pytest.mark.parametrize("ahead_s", [0, 3, -5])
async def test_a_deadline_crosses_to_an_engine_whose_clock_is_another(served: Served, ahead_s: int) -> None:
    clock = ShiftedClock(MonotonicClock(), -ahead_s * 10**9)  # ours, so the engine's is ahead of it
    client = EngineClient(served.address, clock)
    await client.connect(5)
    await client.step(replace(batch(1), deadline_ns=clock.now_ns()))
    off_ns = served.engine.deadline_ns - MonotonicClock().now_ns()
    assert -(10**9) < off_ns <= client.offset.estimate.error_ns  # the deadline was now, a moment ago
    await client.close()


async def test_an_engine_that_is_not_there_is_named(served: Served) -> None:
    client = EngineClient("127.0.0.1:1", MonotonicClock())
    with pytest.raises(EngineLost, match=r"127\.0\.0\.1:1 within"):
        await client.connect(0.2)
    await client.close()


def test_after_a_step_that_raised_another_engine_goes_on_and_progress_never_falls() -> None:
    built: list[EchoEngine] = []

    def build() -> EchoEngine:
        built.append(EchoEngine())
        return built[-1]

    thread = SteppingThread(build)
    thread.start().result(5)
    thread.step(batch(1)).result(5)
    before = thread.progress
    with pytest.raises(ValueError, match="out of luck"):
        thread.step(batch(13)).result(5)
    assert thread.step(batch(14)).result(5).n == 14
    assert len(built) == 2
    assert thread.progress > before
    thread.close()


def test_an_engine_that_nobody_asks_steps_without_work_and_one_that_cannot_is_replaced() -> None:
    class Idle(EchoEngine):
        def __init__(self) -> None:
            super().__init__()
            self.stepped = threading.Event()

        def step(self, batch: TickBatch) -> StepResult:
            assert not batch.work
            self.stepped.set()
            raise ConnectionError("a rank is gone")

    built: list[Idle] = []

    def build() -> Idle:
        built.append(Idle())
        return built[-1]

    thread = SteppingThread(build)
    first = thread.start().result(5)
    assert first.stepped.wait(5)
    thread.close()
    assert len(built) > 1


def test_the_error_that_building_raised_reaches_who_waits() -> None:
    def broken() -> EchoEngine:
        raise ValueError("no such checkpoint")

    with pytest.raises(ValueError, match="no such checkpoint"):
        SteppingThread(broken).start().result(5)


ids = st.lists(st.integers(0, 2**31), max_size=3).map(tuple)
turns = st.builds(MicroTurn, k=st.integers(0, 2**40), audio=st.binary(max_size=8), text=ids, gap=st.booleans())
items = st.builds(ContextTurn, turn=turns, out=ids)
prefills = st.builds(
    Prefill,
    slot=st.integers(0, 9),
    reset=st.booleans(),
    prefix=ids,
    index=st.integers(0, 99),
    items=st.lists(items, max_size=2).map(tuple),
)
works = st.builds(
    SlotWork,
    session=st.text(max_size=5),
    epoch=st.integers(0, 9),
    slot=st.integers(0, 9),
    turns=st.lists(turns, max_size=3).map(tuple),
    prefills=st.lists(prefills, max_size=2).map(tuple),
    free=ids,
    temperature=st.floats(0, 2, width=32),
    seed=st.integers(0, 2**63),
)


@given(st.lists(works, max_size=3))
def test_a_batch_survives_the_wire_unchanged(work: list[SlotWork]) -> None:
    sent = TickBatch(n=4, engine_epoch=2, work=tuple(work), deadline_ns=9)
    assert decode_batch(encode_batch(sent)) == sent


def test_a_result_survives_the_wire_unchanged() -> None:
    out = TurnOutput(k=4, tokens=(1, 2), passes=3, truncated=True)
    slot = SlotResult(session="s", epoch=2, outputs=(out,), context_tokens=9, degradations=(Degradation.VOLATILE,))
    sent = StepResult(
        n=1, engine_epoch=2, results=(slot,), engine_ns=5, expert_ns=4, passes=3, expert_calls=12, shards_used=11
    )
    assert decode_step(encode_step(sent)) == sent
    refused = replace(sent, rejected=("s",))
    assert decode_step(encode_step(refused)) == refused
