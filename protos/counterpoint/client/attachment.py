"""One gRPC stream of a session: opened with `configure` or `resume`, then read and written until it ends."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

import grpc

from counterpoint.client.errors import Failed, Refused, Unreachable
from counterpoint.v1 import interaction_pb2 as v1
from counterpoint.v1.interaction_pb2_grpc import InteractionStub

END = grpc.aio.EOF
LOST = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED)


class Lost(Exception):
    """The stream broke in a way a resume can mend."""


class Connect(Protocol):
    """Begins a stream. anew: on another connection, which may lead to another server."""

    def __call__(self, *, anew: bool = False) -> Attachment: ...


class Attachment:
    """`granted` and `granted_ns` (monotonic, when it came) are set once `open` has returned."""

    def __init__(
        self,
        stub: InteractionStub,
        metadata: tuple[tuple[str, str], ...],
        target: str,
        channel: grpc.aio.Channel | None = None,
    ) -> None:
        """channel: its own, closed when it is left."""
        self._call = stub.Interact(metadata=metadata)
        self._target, self._channel = target, channel
        self.granted = v1.Granted()
        self.granted_ns = 0
        self.epoch = 0

    async def open(self, first: v1.InteractRequest, timeout_s: float) -> None:
        """Raises Refused, Failed, Lost (try again) or Unreachable (no answer in time)."""
        try:
            async with asyncio.timeout(timeout_s):
                await self.write(first)
                response = await self.read()
        except TimeoutError:
            self.cancel()
            raise Unreachable(self._target, f"no grant within {timeout_s:g} s; is a cluster serving there?") from None
        kind = None if response is None else response.WhichOneof("message")
        if kind == "rejected":
            rejected = response.rejected
            raise Refused(rejected.limit, rejected.reason, rejected.retry_after_ms)
        if kind == "error":
            raise failed(response.error)
        if kind != "granted":
            raise Lost(f"the stream ended before a grant (first message: {kind})")
        self.granted, self.granted_ns = response.granted, time.monotonic_ns()
        self.epoch = response.epoch

    async def write(self, request: v1.InteractRequest) -> None:
        try:
            await self._call.write(request)
        except asyncio.InvalidStateError as error:  # the call is over; its status says why
            raise await self._reason() from error
        except grpc.aio.AioRpcError as error:
            raise self._classify(error) from error

    async def read(self, timeout_s: float | None = None) -> v1.InteractResponse | None:
        """The next message; None when the server ended the stream without an error. Raises Lost, Failed, Refused."""
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._call.read()
        except TimeoutError:
            self.cancel()
            raise Lost(f"nothing came for {timeout_s:g} s") from None
        except grpc.aio.AioRpcError as error:
            raise self._classify(error) from error
        return None if response is END else response

    def cancel(self) -> None:
        self._call.cancel()

    async def leave(self) -> None:
        """It is not needed any more."""
        self._call.cancel()
        if self._channel is not None:
            await self._channel.close()

    async def _reason(self) -> Exception:
        code, details = await self._call.code(), await self._call.details()
        return self._from_status(code, details)

    def _classify(self, error: grpc.aio.AioRpcError) -> Exception:
        return self._from_status(error.code(), error.details() or "")

    def _from_status(self, code: grpc.StatusCode, details: str) -> Exception:
        if code in LOST or code is grpc.StatusCode.OK:
            return Lost(f"{code.name.lower()}: {details}")
        return Failed(code.name.lower(), details)


def failed(error: v1.Error) -> Failed:
    return Failed(error.code, error.message, error.field)
