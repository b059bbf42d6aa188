"""Carries expert calls to their shards over gRPC, on a thread of its own: the `ExpertTransport` of cluster/types.py."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress

from actors.expert_health import HealthBoard
from actors.expert_link import LinkTiming, ShardLink
from actors.expert_wire import encode_call
from actors.lent_loop import LentLoop
from cluster.clock import Clock, MonotonicClock
from cluster.errors import ExpertUnavailable
from cluster.telemetry.metrics import Metrics
from cluster.types import ExpertCall, TensorFrame
from counterpoint.internal.v1 import expert_pb2 as pb


class ExpertClient:
    """One stream per shard; shards may come, go and move while calls are under way.

    `call` never blocks and its future always finishes: with rows, or with ExpertUnavailable at the deadline, at once
    when the stream breaks, or as ExpertRefused when the shard will not do this call. A late answer is dropped.
    An address is what gRPC understands: `unix:PATH` on the same host, `HOST:PORT` elsewhere.
    """

    def __init__(
        self,
        shards: Mapping[int, str],
        *,
        clock: Clock | None = None,
        timing: LinkTiming | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._clock, self._timing = clock or MonotonicClock(), timing or LinkTiming()
        self._metrics = metrics or Metrics()
        self._board = HealthBoard()
        self._call_ids = itertools.count(1)
        self._links: dict[int, ShardLink] = {}  # this and the next one belong to the loop's thread
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._running: set[asyncio.Task[None]] = set()  # those, and the ones that were given up and are ending
        self._shards = dict(shards)
        self.trace = b""  # context of the traced step under way, sent with its calls
        self._loop = LentLoop("expert-client")

    def start(self, timeout_s: float = 0.0) -> None:
        """Begin connecting; with a timeout, wait for every shard.

        Raises ExpertUnavailable naming the shards that answered, and is closed then.
        """
        self._loop.start()
        self._post(self._reshape, self._shards)
        if not timeout_s:
            return
        try:
            self._board.wait_until(frozenset(self._shards).issubset, timeout_s)
        except ExpertUnavailable:
            self.close()
            raise

    def close(self) -> None:
        """Fail what is pending and end the thread. Does nothing where there is none."""
        ended: Future[None] = Future()
        if self._loop.post(self._end_links, ended):
            ended.result()
        self._loop.close()

    def driven(self) -> AbstractContextManager[None]:
        """Within it the calling thread carries its calls itself while it waits for them."""
        return self._loop.driven()

    def call(self, shard: int, call: ExpertCall, deadline_ns: int) -> Future[TensorFrame]:
        """`deadline_ns` is of the monotonic clock; 0 means none."""
        future: Future[TensorFrame] = self._loop.future()
        future.set_running_or_notify_cancel()  # a caller that gives up just forgets it
        try:
            call_id = next(self._call_ids)
            message = encode_call(call_id, call)
            if self.trace:
                message.call.trace = self.trace
            self._post(self._send, shard, call_id, message, deadline_ns, future)
        except ExpertUnavailable as error:
            future.set_exception(error)
        return future

    def suspect(self, shard: int) -> None:
        """Off the healthy set at once; back when a probe sent from now on is answered."""
        self._board.down(shard, self._clock.now_ns())
        with suppress(ExpertUnavailable):  # closed: nobody is left to probe it
            self._post(self._probe, shard)

    def healthy(self) -> frozenset[int]:
        return self._board.healthy()

    def set_shards(self, shards: Mapping[int, str]) -> None:
        """The whole map of shards from now on: new ones are connected, moved ones reconnected, absent ones dropped."""
        self._post(self._reshape, dict(shards))

    def wait_until(self, accept: Callable[[frozenset[int]], bool], timeout_s: float) -> frozenset[int]:
        """Block until the healthy set is accepted; never inside a step. Raises ExpertUnavailable naming what it is."""
        return self._board.wait_until(accept, timeout_s)

    def _post(self, do: Callable[..., None], *arguments: object) -> None:
        """Have it done on the loop. Raises ExpertUnavailable where there is none."""
        if not self._loop.post(do, *arguments):
            raise ExpertUnavailable("the expert client is not open; start one")

    def _reshape(self, shards: dict[int, str]) -> None:
        for shard, link in list(self._links.items()):
            if shards.get(shard) != link.address:
                del self._links[shard]
                self._tasks.pop(shard).cancel()
        for shard, address in shards.items():
            if shard not in self._links:
                link = self._links[shard] = ShardLink(
                    shard, address, board=self._board, clock=self._clock, timing=self._timing, metrics=self._metrics
                )
                task = self._tasks[shard] = asyncio.get_running_loop().create_task(link.run())
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    def _end_links(self, ended: Future[None]) -> None:
        """While the loop still runs, for grpc answers whoever asked even after it was cancelled."""
        self._reshape({})
        ending = asyncio.gather(*self._running, return_exceptions=True)
        ending.add_done_callback(lambda _: ended.set_result(None))

    def _send(
        self, shard: int, call_id: int, message: pb.ExpertUp, deadline_ns: int, future: Future[TensorFrame]
    ) -> None:
        if link := self._links.get(shard):
            link.send(call_id, message, deadline_ns, future)
        else:
            future.set_exception(ExpertUnavailable(f"shard {shard} is not placed; ask a replica"))

    def _probe(self, shard: int) -> None:
        if link := self._links.get(shard):
            link.probe_soon()
