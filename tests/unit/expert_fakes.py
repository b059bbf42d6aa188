"""An expert transport in this process: real experts behind threads, with failures on demand."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import torch

from cluster.model.frames import from_frame, to_frame
from cluster.model.moe import ExpertBank
from cluster.types import ExpertCall, TensorFrame

Fault = Callable[[ExpertCall], Exception | None]


class ThreadTransport:
    """Each shard computes on a thread of its own. A fault answers instead of the shard."""

    def __init__(self, banks: dict[int, ExpertBank]) -> None:
        self.banks = banks
        self.held: list[tuple[Future[TensorFrame], int, ExpertCall]] = []  # calls of silent shards
        self.faults: dict[int, Fault] = {}
        self.silent: set[int] = set()  # shards that never answer
        self.suspected: list[int] = []
        self.calls: list[tuple[int, ExpertCall]] = []
        self._threads = {shard: ThreadPoolExecutor(1, initializer=lambda: torch.set_num_threads(1)) for shard in banks}

    def call(self, shard: int, call: ExpertCall, deadline_ns: int) -> Future[TensorFrame]:
        self.calls.append((shard, call))
        if shard in self.silent:
            self.held.append((Future(), shard, call))
            return self.held[-1][0]
        return self._threads[shard].submit(self._compute, shard, call)

    def suspect(self, shard: int) -> None:
        self.suspected.append(shard)

    def healthy(self) -> frozenset[int]:
        return frozenset(self.banks) - set(self.suspected)

    def answer_held(self) -> None:
        """The silent shards answer after all."""
        for future, shard, call in self.held:
            future.set_result(self._compute(shard, call))
        self.held.clear()

    def close(self) -> None:
        for threads in self._threads.values():
            threads.shutdown()

    def _compute(self, shard: int, call: ExpertCall) -> TensorFrame:
        fault = self.faults.get(shard, lambda _: None)(call)
        if fault is not None:
            raise fault
        return to_frame(self.banks[shard].forward(call.layer, call.experts, from_frame(call.rows)))
