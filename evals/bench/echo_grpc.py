"""The least a bidirectional gRPC server can do with our payloads: 200 ms of audio in, 200 ms of audio out."""

from __future__ import annotations

import asyncio
import sys

import grpc
import uvloop

from counterpoint.v1 import interaction_pb2 as pb
from counterpoint.v1 import interaction_pb2_grpc as rpc

AUDIO_OUT = bytes(2 * 24_000 // 5)


class Echo(rpc.InteractionServicer):
    async def Interact(  # noqa: N802 (the name is the wire's)
        self, _requests: object, context: grpc.aio.ServicerContext
    ) -> None:
        k = 0
        while (await context.read()) is not grpc.aio.EOF:
            await context.write(pb.InteractResponse(micro_turn=pb.MicroTurnDone(k=k, audio=AUDIO_OUT)))
            k += 1


async def serve(address: str) -> None:
    server = grpc.aio.server()
    rpc.add_InteractionServicer_to_server(Echo(), server)
    port = server.add_insecure_port(address)
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(serve(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:0"))
