"""The same echo as a Ray Serve deployment, what a user would reach for first.

RAY_SERVE_ENABLE_HA_PROXY=1 changes its proxy.
Needs `pip install 'ray[serve-grpc]'` (the `bench` extra). Prints the port once it serves; ends when its input closes.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import ray
from ray import serve
from ray.serve.config import gRPCOptions
from ray.serve.grpc_util import gRPCInputStream

from counterpoint.v1 import interaction_pb2 as pb

ADD_SERVICER = "counterpoint.v1.interaction_pb2_grpc.add_InteractionServicer_to_server"


@serve.deployment(max_ongoing_requests=200)
class Echo:
    async def Interact(  # noqa: N802 (the name is the wire's)
        self, requests: gRPCInputStream[pb.InteractRequest]
    ) -> AsyncIterator[pb.InteractResponse]:
        audio, k = bytes(2 * 24_000 // 5), 0
        async for _ in requests:
            yield pb.InteractResponse(micro_turn=pb.MicroTurnDone(k=k, audio=audio))
            k += 1


def main(port: int) -> None:
    ray.init(include_dashboard=False, object_store_memory=100 * 2**20, log_to_driver=False)
    serve.start(grpc_options=gRPCOptions(port=port, grpc_servicer_functions=[ADD_SERVICER]))
    serve.run(Echo.bind(), name="echo", route_prefix="/echo")
    print(port, flush=True)
    sys.stdin.read()
    serve.shutdown()
    ray.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]))
