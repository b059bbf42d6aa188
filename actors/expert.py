"""The shell of an expert shard: loads its experts, serves them on one thread, and can be fenced.

python -m actors.expert --checkpoint models/counterpoint-micro --experts 0-3 --address unix:/tmp/expert-0.sock
prints one JSON line {"address", "pid"} when it serves, and serves until SIGINT or SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path

import grpc
import torch

from actors.expert_service import ExpertService
from actors.expert_wire import CHANNEL_OPTIONS, WIRE_DTYPES, ShardShape
from cluster.clock import MonotonicClock
from cluster.errors import ConfigError
from cluster.model.frames import from_frame, to_frame
from cluster.model.moe import ExpertBank
from cluster.model.weights import Checkpoint
from cluster.telemetry.logging import configure_logging
from cluster.telemetry.metrics import Metrics
from cluster.telemetry.tracing import Traces
from cluster.types import Dtype, TensorFrame
from counterpoint.internal.v1 import expert_pb2_grpc


class TorchBank:
    """An ExpertBank behind frames of bytes. Raises ConfigError for a checkpoint that cannot be read."""

    def __init__(
        self, checkpoint_dir: Path, experts: Iterable[int] | None, *, dtype: Dtype, deterministic: bool
    ) -> None:
        self._bank = ExpertBank(checkpoint_dir, experts, dtype=dtype, deterministic=deterministic)
        self.weights_sha256 = Checkpoint(checkpoint_dir).sha256()
        self.deterministic = deterministic
        self.shape = ShardShape(
            num_layers=self._bank.num_layers,
            hidden_size=self._bank.hidden_size,
            experts=frozenset(self._bank.experts),
            dtype=dtype,
        )

    @torch.inference_mode()
    def forward(self, layer: int, experts: tuple[int, ...], rows: TensorFrame) -> TensorFrame:
        """rows [R, D], one per expert id; the answer is in their order."""
        # a copy in memory of torch: kernels may round differently where bytes are not aligned
        return to_frame(self._bank.forward(layer, experts, from_frame(rows).clone()))


class ExpertShard:
    """A plain class, to be an actor or a process of its own. Stateless but for its weights and its fence.

    experts: ids held in every layer, None for all. address: `unix:PATH`, or `HOST:0` for a free port of HOST.
    """

    def __init__(
        self,
        checkpoint_dir: Path | str,
        experts: Iterable[int] | None = None,
        dtype: Dtype | str = Dtype.F32,
        deterministic: bool = False,
        address: str = "127.0.0.1:0",
        *,
        placement_epoch: int = 0,
        metrics: Metrics | None = None,
        traces: Traces | None = None,
    ) -> None:
        if dtype not in WIRE_DTYPES:
            raise ConfigError("experts.dtype", f"{dtype} rows do not travel; take f32 or bf16")
        self.address = address
        self._checkpoint_dir, self._experts = Path(checkpoint_dir), experts
        self._dtype, self._deterministic = Dtype(dtype), deterministic
        self._placement_epoch, self._metrics, self._traces = placement_epoch, metrics or Metrics(), traces
        self._serving: Future[None] = Future()
        self._service: ExpertService | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="expert", daemon=True)

    def start(self, timeout_s: float = 120.0) -> str:
        """Load and serve; returns the address. Raises what loading raises, and OSError if it cannot bind."""
        self._thread.start()
        self._serving.result(timeout_s)
        return self.address

    def stop(self) -> None:
        """End every stream and the thread. Does nothing when it does not serve."""
        if self._loop and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join()

    def fence(self, placement_epoch: int) -> None:
        """Refuse calls below this epoch from now on. To be called once every engine was told the new placement."""
        self._placement_epoch = placement_epoch
        if self._service:
            self._service.placement_epoch = placement_epoch

    @property
    def progress(self) -> int:
        return self._service.progress if self._service else 0

    def _run(self) -> None:
        try:
            torch.set_num_threads(1)  # counts for the calling thread alone
            asyncio.run(self._serve())
        except BaseException as failure:
            if self._serving.done():
                raise
            self._serving.set_exception(failure)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        bank = TorchBank(self._checkpoint_dir, self._experts, dtype=self._dtype, deterministic=self._deterministic)
        self._service = ExpertService(
            bank,
            placement_epoch=self._placement_epoch,
            metrics=self._metrics,
            clock=MonotonicClock(),
            traces=self._traces,
        )
        server = grpc.aio.server(options=(*CHANNEL_OPTIONS, ("grpc.so_reuseport", 0)))
        expert_pb2_grpc.add_ExpertServicer_to_server(self._service, server)
        self.address = _bind(server, self.address)
        await server.start()
        idle = asyncio.create_task(self._service.advance_while_idle())
        self._serving.set_result(None)
        await self._end.wait()
        idle.cancel()
        await server.stop(grace=0)


def _bind(server: grpc.aio.Server, address: str) -> str:
    """Returns the address with its port filled in. Raises OSError."""
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as refused:
        raise OSError(f"address: {address} cannot be bound ({refused}); choose a free one") from None
    return address if address.startswith("unix:") else f"{address.rpartition(':')[0]}:{port}"


def parse_experts(text: str) -> tuple[int, ...] | None:
    """`0-3,6` is 0, 1, 2, 3 and 6; `all` is None. Raises ValueError."""
    if text == "all":
        return None
    ids: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        ids += range(int(first), int(last or first) + 1)
    return tuple(ids)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder with config.json and model.safetensors")
    parser.add_argument("--experts", type=parse_experts, default=None, help="ids such as 0-3,6, or all (the default)")
    parser.add_argument("--dtype", choices=("f32", "bf16"), default="f32")
    parser.add_argument("--deterministic", action="store_true", help="same bits whatever the batch")
    parser.add_argument("--address", default="127.0.0.1:0", help="unix:PATH or HOST:PORT; port 0 takes a free one")
    options = parser.parse_args()
    configure_logging("expert")
    shard = ExpertShard(options.checkpoint, options.experts, options.dtype, options.deterministic, options.address)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    print(json.dumps({"address": shard.start(), "pid": os.getpid()}), flush=True)
    ended.wait()
    shard.stop()


if __name__ == "__main__":
    main()
