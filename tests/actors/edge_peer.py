"""An ingest as a scheduler sees it: speaks edge.proto over real gRPC, with behaviour but without media."""

from __future__ import annotations

import asyncio
from typing import Self

import grpc

from actors.edge_parcel import unpack
from counterpoint.internal.v1 import edge_pb2 as pb
from counterpoint.internal.v1 import edge_pb2_grpc
from counterpoint.v1 import interaction_pb2 as public

PATIENCE_S = 20
AUDIO = bytes(600)  # dMel codes of a silent micro-turn


class EdgePeer:
    """One stream. `turns` and `results` are of the one session that was granted last."""

    def __init__(self, address: str, name: str = "ingest-0") -> None:
        self._channel = grpc.aio.insecure_channel(address)
        self._call = edge_pb2_grpc.EdgeStub(self._channel).Attach()
        self._inbox: asyncio.Queue[pb.EdgeDown] = asyncio.Queue()
        self._reader = asyncio.create_task(self._read())
        self._name = name
        self._requests = 0
        self.granted = pb.EdgeDown()
        self.results: list[pb.TurnResult] = []
        self.accepted = 0

    async def __aenter__(self) -> Self:
        await self._call.write(pb.EdgeUp(hello=pb.Hello(ingest=self._name, incarnation=1)))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reader.cancel()
        self._call.cancel()
        await self._channel.close()

    async def _read(self) -> None:
        while (parcel := await self._call.read()) is not grpc.aio.EOF:
            for down in unpack(parcel):
                match down.WhichOneof("message"):
                    case "result":
                        self.results.append(down.result)
                    case "accepted":
                        self.accepted = down.accepted.through
                self._inbox.put_nowait(down)

    async def until(self, *kinds: str) -> pb.EdgeDown:
        """The next message of one of these kinds; those before it are dropped. Raises where the session ends first."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                down = await self._inbox.get()
                kind = down.WhichOneof("message")
                if kind in kinds:
                    return down
                if kind == "ended":
                    raise AssertionError(f"the session ended: {down.ended}")

    async def ends(self) -> pb.SessionEnded:
        """How the session ended."""
        async with asyncio.timeout(PATIENCE_S):
            while (down := await self._inbox.get()).WhichOneof("message") != "ended":
                pass
        return down.ended

    async def answered(self) -> pb.EdgeDown:
        down = await self.until("granted", "rejected")
        if down.HasField("granted"):
            self.granted = down
        return down

    async def result(self, k: int) -> pb.TurnResult:
        """The result of micro-turn k, once it is here."""
        while not any(result.k == k for result in self.results):
            await self.until("result")
        return next(result for result in self.results if result.k == k)

    async def open(self, **configure: object) -> pb.EdgeDown:
        wanted = public.Configure(audio_in=public.AudioInput(codec=public.AUDIO_CODEC_PCM_S16LE), **configure)
        self._requests += 1
        opening = pb.Open(configure=wanted.SerializeToString(), request_id=self._requests)
        await self._call.write(pb.EdgeUp(open=opening))
        return await self.answered()

    async def reattach(self, session: str, token: str, received_k: int) -> pb.EdgeDown:
        self._requests += 1
        asked = pb.Reattach(token=token, received_k=received_k, request_id=self._requests)
        await self._call.write(pb.EdgeUp(session=session, reattach=asked))
        return await self.answered()

    async def say(self, **message: object) -> None:
        who = {field: getattr(self.granted, field) for field in ("session", "epoch", "attachment")}
        await self._call.write(pb.EdgeUp(**(who | message)))

    async def turn(self, k: int) -> None:
        ready = pb.TurnReady(k=k, audio=AUDIO, through_seq=k + 1, audio_samples=3_200 * (k + 1))
        await self.say(turn=ready)
