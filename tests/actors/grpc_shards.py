"""Two expert shards behind real gRPC sockets, each with its half of the experts, in threads of this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actors.expert import ExpertShard
from actors.expert_client import ExpertClient
from cluster.clock import MonotonicClock
from cluster.model import latency
from cluster.model.placement import held_by, uniform_placement
from cluster.model.remote import Remote
from cluster.types import Dtype

SHARDS = (0, 1)
PATIENT_S = 120.0


@contextmanager
def grpc_shards(
    checkpoint: Path, num_experts: int, dtype: Dtype, sockets: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Remote]:
    """Deterministic, one copy of each expert. sockets: a folder."""
    for limit in ("WARMUP_NS", "MIN_NS", "MAX_NS"):  # a loaded machine must not look like a dead shard
        monkeypatch.setattr(latency, limit, 10_000_000_000)
    placement = uniform_placement(num_experts, SHARDS, copies=1)
    shards = {
        shard: ExpertShard(checkpoint, held_by(placement, shard), dtype, True, f"unix:{sockets}/{shard}.sock")
        for shard in SHARDS
    }
    client = ExpertClient({shard: served.start(PATIENT_S) for shard, served in shards.items()})
    client.start(PATIENT_S)
    try:
        yield Remote(client, placement, MonotonicClock())
    finally:
        client.close()
        for served in shards.values():
            served.stop()
