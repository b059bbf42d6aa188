"""The scheduler's end of the engine stream: one step at a time; probes tell a busy engine from a dead one."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace

import grpc
import structlog

from actors.engine_service import EngineFacts
from actors.engine_wire import CHANNEL_OPTIONS, decode_step, encode_batch
from cluster.clock import Clock
from cluster.errors import CounterpointError
from cluster.offset import Offset
from cluster.types import StepResult, TickBatch, Versions
from counterpoint.internal.v1 import engine_pb2 as pb
from counterpoint.internal.v1 import engine_pb2_grpc

log = structlog.get_logger()

PROBE_S = 0.5  # between two comparisons of the clocks


class EngineLost(CounterpointError):
    """The stream to the engine broke; connect again with a higher engine epoch."""


class EngineFenced(CounterpointError):
    """Another scheduler with a higher engine epoch holds the engine; this one must stop."""


class StepFailed(CounterpointError):
    """The engine answered this step with an error and goes on."""


class EngineClient:
    """One stream to one engine. Success of `step` means the KV holds the batch; failure means nothing is known.

    Probes compare the clocks: `deadline_ns` of a batch is of ours here and of the engine's there.
    """

    def __init__(self, address: str, clock: Clock) -> None:
        self.address, self.offset = address, Offset()
        self._clock = clock
        self._probed: asyncio.Future[int] | None = None
        self._channel = grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
        self._call: grpc.aio.StreamStreamCall | None = None
        self._waiting: dict[int, asyncio.Future[StepResult]] = {}
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._write = asyncio.Lock()

    async def connect(self, timeout_s: float) -> EngineFacts:
        """Raises EngineLost when no engine answers at this address in time."""
        # without waiting for the address: the engine may be elsewhere by now
        self._call = engine_pb2_grpc.EngineStub(self._channel).Run()
        try:
            down = await asyncio.wait_for(self._call.read(), timeout_s)
        except (TimeoutError, grpc.aio.AioRpcError) as error:
            self._call.cancel()
            raise EngineLost(f"no engine answers at {self.address} within {timeout_s} s") from error
        if down is grpc.aio.EOF:
            raise EngineLost(f"the engine at {self.address} ended the stream before its hello")
        hello = down.hello
        facts = EngineFacts(
            checkpoint=hello.checkpoint,
            config_json=hello.config_json,
            versions=Versions(**json.loads(hello.versions_json)),
            num_slots=hello.num_slots,
            pages_free=hello.pages_free,
            engine_epoch=hello.engine_epoch,
        )
        self._tasks = (asyncio.create_task(self._read()),)
        try:
            await asyncio.wait_for(self.probe(), timeout_s)
        except TimeoutError as error:
            await self.close()
            raise EngineLost(f"the engine at {self.address} answers no probe within {timeout_s} s") from error
        self._tasks += (asyncio.create_task(self._beat()),)
        return facts

    async def step(self, batch: TickBatch) -> StepResult:
        """Raises StepFailed, EngineLost or EngineFenced."""
        future: asyncio.Future[StepResult] = asyncio.get_running_loop().create_future()
        self._waiting[batch.n] = future
        try:
            deadline_ns = self.offset.theirs(batch.deadline_ns)
            await self._send(pb.EngineUp(batch=encode_batch(replace(batch, deadline_ns=deadline_ns))))
            return await future
        finally:
            self._waiting.pop(batch.n, None)

    async def probe(self) -> int:
        """The progress counter of the engine's stepping thread, now."""
        probed = self._probed = self._probed or asyncio.get_running_loop().create_future()
        await self._send(pb.EngineUp(probe=pb.EngineProbe(sent_ns=self._clock.now_ns())))
        return await asyncio.shield(probed)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._call:
            self._call.cancel()
        await self._channel.close()

    async def _send(self, up: pb.EngineUp) -> None:
        if self._call is None or self._call.done():
            raise EngineLost(f"the stream to the engine at {self.address} is closed")
        try:
            async with self._write:
                await self._call.write(up)
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError) as error:
            raise self._why(error) from error

    async def _read(self) -> None:
        assert self._call is not None
        ended: Exception = EngineLost(f"the engine at {self.address} ended the stream")
        try:
            while (down := await self._call.read()) is not grpc.aio.EOF:
                match down.WhichOneof("message"):
                    case "step":
                        self._finish(down.step.n, decode_step(down.step))
                    case "error":
                        self._finish(down.error.n, StepFailed(down.error.message))
                    case "probe":
                        self._take_probe(down.probe)
        except grpc.aio.AioRpcError as error:
            ended = self._why(error)
        except Exception as error:
            log.exception("engine not understood", address=self.address)
            ended = EngineLost(f"the engine at {self.address} said what cannot be read: {error!r}")
        finally:
            self._call.cancel()  # nobody reads it any more: the next to send must learn that
            for n in list(self._waiting):
                self._finish(n, ended)
            if self._probed is not None and not self._probed.done():
                self._probed.set_exception(ended)
                self._probed.exception()  # it may be that nobody waits for it

    def _take_probe(self, probe: pb.EngineProbe) -> None:
        self.offset.answered(sent_ns=probe.sent_ns, theirs_ns=probe.at_ns, heard_ns=self._clock.now_ns())
        if self._probed is not None:
            self._probed.set_result(probe.progress)
            self._probed = None

    async def _beat(self) -> None:
        """Until the stream ends, which is told to whoever steps."""
        with contextlib.suppress(EngineLost, EngineFenced):
            while True:
                await asyncio.sleep(PROBE_S)
                await self.probe()

    def _finish(self, n: int, outcome: StepResult | Exception) -> None:
        future = self._waiting.pop(n, None)
        if future is None or future.done():
            return
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    def _why(self, error: Exception) -> CounterpointError:
        if isinstance(error, grpc.aio.AioRpcError) and error.code() is grpc.StatusCode.FAILED_PRECONDITION:
            return EngineFenced(error.details() or "another scheduler holds the engine; stop")
        return EngineLost(f"the stream to the engine at {self.address} broke: {error}")
