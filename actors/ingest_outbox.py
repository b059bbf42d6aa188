"""What waits to be sent to one client. Bounded: a client that does not read hurts its own stream only."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import grpc

from counterpoint.v1 import interaction_pb2 as v1

MAX_WAITING = 256  # messages; 40 s of a session that speaks
MAX_WAITING_BYTES = 4 << 20


class Outbox:
    """`put` never waits. Beyond the bound nothing is kept any more and `overflow` is called, once."""

    def __init__(self, context: grpc.aio.ServicerContext, overflow: Callable[[], None]) -> None:
        self._context, self._overflow = context, overflow
        self._waiting: deque[v1.InteractResponse] = deque()
        self._bytes = 0
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._full = False

    def put(self, response: v1.InteractResponse) -> None:
        if self._full:
            return
        self._bytes += response.ByteSize()
        self._waiting.append(response)
        self._idle.clear()
        self._news.set()
        if len(self._waiting) > MAX_WAITING or self._bytes > MAX_WAITING_BYTES:
            self._full = True
            self._overflow()

    async def write_all(self) -> None:
        """Until cancelled, or until the client is gone."""
        try:
            while True:
                self._news.clear()
                while self._waiting:
                    response = self._waiting.popleft()
                    self._bytes -= response.ByteSize()
                    await self._context.write(response)
                self._idle.set()
                await self._news.wait()
        finally:
            self._idle.set()

    async def flushed(self, timeout_s: float) -> None:
        """Wait until everything was written, for so long at most."""
        if not self._full:
            try:
                await asyncio.wait_for(self._idle.wait(), timeout_s)
            except TimeoutError:
                return
