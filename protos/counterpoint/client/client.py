"""The way in: one channel to a cluster, on which sessions are started."""

from __future__ import annotations

import ipaddress
from types import TracebackType
from typing import Self
from weakref import WeakSet

import grpc

from counterpoint.client.attachment import Attachment, Lost
from counterpoint.client.connection import Patience
from counterpoint.client.errors import ClientError, Failed, Unreachable
from counterpoint.client.session import Session
from counterpoint.v1 import interaction_pb2 as v1
from counterpoint.v1.interaction_pb2_grpc import InteractionStub

OPTIONS = (
    ("grpc.use_local_subchannel_pool", 1),  # each client has a connection of its own
    ("grpc.max_receive_message_length", 4 << 20),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
)


class InteractionClient:
    """target: any gRPC address. metadata: sent with every stream, such as ("authorization", "Bearer …").

    credentials: None is plain text, for one machine or a trusted network.
    """

    def __init__(
        self,
        target: str,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        metadata: tuple[tuple[str, str], ...] = (),
        patience: Patience | None = None,
    ) -> None:
        self.target, self._metadata, self._patience = target, metadata, patience or Patience()
        self._credentials = credentials
        self._channels: WeakSet[grpc.aio.Channel] = WeakSet()
        self._channel = self._dial()
        self._stub = InteractionStub(self._channel)

    async def start(self, configure: v1.Configure, *, models_playback: bool = True) -> Session:
        """Open a session. Raises Refused, Failed or Unreachable.

        models_playback: report playback as if every output sounded in real time; False where a sound device knows.
        """
        attachment = self._connect()
        try:
            patience_s = self._patience.lockstep_grant_s if configure.lockstep else self._patience.grant_s
            await attachment.open(v1.InteractRequest(seq=1, configure=configure), patience_s)
        except Lost as lost:
            raise Unreachable(self.target, f"{lost}; is a cluster serving there?") from lost
        return Session(
            attachment,
            self._connect,
            configure,
            same_host=is_same_host(self.target),
            patience=self._patience,
            target=self.target,
            models_playback=models_playback,
        )

    async def export(self, session_id: str, token: str = "") -> dict[str, bytes]:
        """All that the cluster holds of a session, by name. token: its resume token, where no key is asked for.

        Raises Failed or Unreachable.
        """
        parts: dict[str, bytes] = {}
        try:
            async for part in self._stub.ExportSession(self._ref(session_id, token), metadata=self._metadata):
                parts[part.name] = parts.get(part.name, b"") + part.data
        except grpc.aio.AioRpcError as error:
            raise self._failure(error) from error
        return parts

    async def delete(self, session_id: str, token: str = "") -> bool:
        """Have all of it erased; a live session is closed. False if nothing was held. Raises as `export`."""
        try:
            done = await self._stub.DeleteSession(self._ref(session_id, token), metadata=self._metadata)
        except grpc.aio.AioRpcError as error:
            raise self._failure(error) from error
        return bool(done.found)

    def _ref(self, session_id: str, token: str) -> v1.SessionRef:
        return v1.SessionRef(session_id=session_id, token=token)

    def _failure(self, error: grpc.aio.AioRpcError) -> ClientError:
        code, details = error.code(), error.details() or ""
        if code is grpc.StatusCode.UNAVAILABLE:
            return Unreachable(self.target, details)
        return Failed(code.name.lower(), details)

    async def close(self) -> None:
        for channel in list(self._channels):
            await channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _dial(self) -> grpc.aio.Channel:
        """A connection of its own, so that whoever stands in front of several servers may choose another one."""
        if self._credentials is None:
            channel = grpc.aio.insecure_channel(self.target, options=OPTIONS)
        else:
            channel = grpc.aio.secure_channel(self.target, self._credentials, options=OPTIONS)
        self._channels.add(channel)
        return channel

    def _connect(self, *, anew: bool = False) -> Attachment:
        if not anew:
            return Attachment(self._stub, self._metadata, self.target)
        channel = self._dial()
        return Attachment(InteractionStub(channel), self._metadata, self.target, channel)


def is_same_host(target: str) -> bool:
    """Whether server and client surely share a monotonic clock: a unix socket or a loopback address."""
    if target.startswith(("unix:", "unix-abstract:")):
        return True
    host = target.removeprefix("dns:///").removeprefix("ipv4:").removeprefix("ipv6:").rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
