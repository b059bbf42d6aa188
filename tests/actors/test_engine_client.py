"""The scheduler's end of an engine stream that ends in ways nobody foresaw."""

from __future__ import annotations

import asyncio

import pytest

from actors.engine_client import EngineClient, EngineLost
from cluster.clock import MonotonicClock
from cluster.types import TickBatch


class TornCall:
    """A stream that takes what is written and breaks when it is read."""

    def __init__(self) -> None:
        self.ended = False
        self.written = asyncio.Event()

    async def write(self, _: object) -> None:
        self.written.set()

    async def read(self) -> object:
        await self.written.wait()
        raise ValueError("a field has the wrong length")

    def cancel(self) -> None:
        self.ended = True

    def done(self) -> bool:
        return self.ended


async def test_an_answer_that_cannot_be_read_settles_all_that_wait_and_what_comes_after() -> None:
    client = EngineClient("127.0.0.1:1", MonotonicClock())
    client._call = TornCall()  # type: ignore[assignment]  # has what the client uses of a call
    steps = [client.step(TickBatch(n=n, engine_epoch=1, work=(), deadline_ns=0)) for n in (1, 2)]
    waiting = asyncio.gather(*steps, client.probe(), return_exceptions=True)
    await client._read()
    outcomes = await waiting
    assert [type(outcome) for outcome in outcomes] == [EngineLost] * 3
    assert "the wrong length" in str(outcomes[0])
    with pytest.raises(EngineLost, match="is closed"):
        await client.step(TickBatch(n=3, engine_epoch=1, work=(), deadline_ns=0))
    await client.close()
