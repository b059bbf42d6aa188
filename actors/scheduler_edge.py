"""Serves the ingests: one stream each, with all their sessions on it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import grpc
import structlog

from actors.edge_parcel import pack, unpack
from cluster.clock import Clock
from counterpoint.internal.v1 import edge_pb2 as pb
from counterpoint.internal.v1 import edge_pb2_grpc

MAX_WAITING = 20_000  # messages to an ingest that does not read; more than a minute of 128 sessions
MAX_MESSAGE_BYTES = 16 << 20
SERVER_OPTIONS = (
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.so_reuseport", 0),
)

log = structlog.get_logger()


class EdgeStream:
    """The way down to one ingest. `send` never waits; messages leave in order."""

    def __init__(self, context: grpc.aio.ServicerContext) -> None:
        self.ingest = ""
        self._context = context
        self._waiting: deque[pb.EdgeDown] = deque()
        self._news = asyncio.Event()
        self.ended = asyncio.Event()
        self.heard_ns = 0  # when its ingest last said anything; 0: it sends no heartbeats
        self.excused_ns = 0  # of the time since, when we were not scheduled ourselves

    @property
    def is_open(self) -> bool:
        return not self.ended.is_set()

    def send(self, down: pb.EdgeDown) -> None:
        """Queue a message. After the stream ended, or beyond what an ingest may leave unread, it is dropped: the
        ingest has lost its sessions then and asks for what it misses when it attaches again.
        """
        if not self.is_open:
            return
        if len(self._waiting) >= MAX_WAITING:
            log.error("ingest does not read; stream given up", ingest=self.ingest, waiting=len(self._waiting))
            self.end()
            return
        self._waiting.append(down)
        self._news.set()

    def end(self) -> None:
        self.ended.set()
        self._news.set()

    async def write_all(self) -> None:
        """Until the stream ends."""
        while self.is_open:
            self._news.clear()
            while self._waiting:
                await self._context.write(pack(self._waiting))
            await self._news.wait()


class EdgeService(edge_pb2_grpc.EdgeServicer):
    """`receive` gets every message of every stream in its order; `lost` hears once when a stream is over."""

    def __init__(
        self, receive: Callable[[EdgeStream, pb.EdgeUp], None], lost: Callable[[EdgeStream], None], clock: Clock
    ) -> None:
        self._receive, self._lost, self._clock = receive, lost, clock
        self.streams: set[EdgeStream] = set()

    async def Attach(self, _: object, context: grpc.aio.ServicerContext) -> None:  # noqa: N802 - named by the wire
        stream = EdgeStream(context)
        self.streams.add(stream)
        work = (self._read(stream, context), stream.write_all(), stream.ended.wait())  # a write to who sleeps waits too
        tasks = [asyncio.create_task(part) for part in work]
        try:
            done, _pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            self.streams.discard(stream)
            stream.end()
            self._lost(stream)

    async def _read(self, stream: EdgeStream, context: grpc.aio.ServicerContext) -> None:
        while (parcel := await context.read()) is not grpc.aio.EOF:
            for up in unpack(parcel):
                if stream.heard_ns or up.HasField("heartbeat"):
                    stream.heard_ns, stream.excused_ns = self._clock.now_ns(), 0
                if up.HasField("hello"):
                    stream.ingest = f"{up.hello.ingest}#{up.hello.incarnation}"
                    log.info("ingest attached", ingest=stream.ingest)
                self._receive(stream, up)
