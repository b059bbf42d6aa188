"""Keeps one stream to the engine, taken with an epoch higher than any before it."""

from __future__ import annotations

import asyncio

import structlog

from actors.engine_client import EngineClient, EngineLost
from actors.engine_service import EngineFacts
from cluster.clock import Clock
from cluster.types import StepResult, TickBatch

CONNECT_TIMEOUT_S = 2.0
RETRY_S = 0.1

log = structlog.get_logger()


class EngineLink:
    """`step` works on the engine that `connect` reached last; `move` says where to look from now on."""

    def __init__(self, address: str, clock: Clock) -> None:
        self._address, self._clock = address, clock
        self._client: EngineClient | None = None
        self.epoch = 0  # of batches to the engine reached last

    @property
    def connected(self) -> bool:
        """Whether there is a stream to an engine; a broken one is taken up again by `connect`."""
        return self._client is not None

    async def connect(self) -> EngineFacts:
        """Reach the engine, however long it takes, and make every other scheduler's epoch stale."""
        await self.close()
        attempts = 0
        while True:
            attempts += 1
            client = EngineClient(self._address, self._clock)
            try:
                facts = await client.connect(CONNECT_TIMEOUT_S)
            except EngineLost as error:
                if attempts == 1:
                    log.warning("engine not reached; looking on", why=str(error))
                await client.close()
                await asyncio.sleep(RETRY_S)
                continue
            self._client, self.epoch = client, max(self.epoch, facts.engine_epoch) + 1
            log.info("engine reached", address=self._address, engine_epoch=self.epoch, attempts=attempts)
            return facts

    async def step(self, batch: TickBatch) -> StepResult:
        """Raises StepFailed, EngineLost or EngineFenced."""
        if self._client is None:
            raise EngineLost("no engine is connected")
        return await self._client.step(batch)

    def clock_error_s(self) -> float:
        """The bound on what is known of the engine's clock; 0 before it was compared."""
        offset = self._client.offset if self._client else None
        return offset.estimate.error_ns / 1e9 if offset and offset.known else 0.0

    def move(self, address: str) -> None:
        self._address = address

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None
