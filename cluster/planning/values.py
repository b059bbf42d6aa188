"""The values of `helm/counterpoint` for a plan: one release, one group of GPUs, one pod for each of them.

The engine is rank 0 and holds the sessions; the other ranks hold experts. What the planned deployment asks for and this
version of the cluster does not do is named in `not_yet`, never left out in silence.
"""

from __future__ import annotations

from math import ceil
from typing import Any

from cluster.planning.capacity import Capacity, Load
from cluster.planning.passes import Deployment

RANKS_MOST = 64  # experts.shards
SESSIONS_MOST = 512  # scheduler.max_sessions
PAGE_ROWS = 16  # tokens of one page of KV
INGEST_SESSIONS = 32  # sessions one ingest carries on its two cores; two ingests at least, for their failure domains
HOST_GIB = 4  # of a process with Ray and torch before it holds any weight
KV_BYTES_SERVED = 4
DTYPES = {2: "bf16", 4: "f32"}

Values = dict[str, Any]


def values(deployment: Deployment, load: Load, found: Capacity) -> Values:
    """Raises ValueError, naming the option, for a plan that no release could carry."""
    if not found.sessions_per_gpu:
        raise ValueError(
            f"--values: not one session fits, {found.binds} binds; raise --ep, lower --window or take a larger GPU"
        )
    if deployment.ep > RANKS_MOST:
        raise ValueError(f"--ep: a release has at most {RANKS_MOST} ranks (experts.shards), got {deployment.ep}")
    sessions = min(found.sessions_per_gpu, SESSIONS_MOST)
    served = 4 if deployment.weight_bytes == 4 else 2
    weights = found.weights_gb_per_gpu * served / deployment.weight_bytes
    kv = sessions * found.kv_gb_per_session * KV_BYTES_SERVED / deployment.kv_bytes
    return {
        "model": {"existingClaim": "checkpoints", "path": f"/models/{deployment.shape.name}"},
        "config": {
            "engine": {"dtype": DTYPES[served], "num_pages": ceil(sessions * load.kv_tokens / PAGE_ROWS)},
            "experts": {"exchange": "local" if deployment.ep == 1 else "alltoall", "replicas": 1},
            "scheduler": {"max_sessions": sessions},
        },
        "groups": {
            "ingest": {"replicas": max(2, ceil(sessions / INGEST_SESSIONS))},
            "engine": {"replicas": 1, "gpus": 1, "resources": _host(4, weights + kv)},
            "expert": {"replicas": deployment.ep - 1, "gpus": 1, "resources": _host(2, weights)},
        },
        # A node has several GPUs, and a rank is no replica: nothing is gained by keeping ranks apart.
        "spread": {"nodes": "ScheduleAnyway"},
    }


def measured_values(sessions: int) -> Values:
    """For machines like the one that was measured, without GPUs: what `counterpoint serve` runs there, in pods.

    Raises ValueError where not one session fits.
    """
    if not sessions:
        raise ValueError("--values: not one session fits this machine by what was measured")
    cpu = {"gpus": 0, "resources": _host(1, 0)}
    return {
        "config": {
            "engine": {"dtype": "f32"},  # the chart takes no auto: when it would be measured its pod may not be there
            "experts": {"exchange": "grpc", "replicas": 2},
            "scheduler": {"max_sessions": min(sessions, SESSIONS_MOST)},
        },
        "groups": {
            "ingest": {"replicas": max(2, ceil(sessions / INGEST_SESSIONS))},
            "engine": {"replicas": 1, **cpu},
            "expert": {"replicas": 2, **cpu},
        },
    }


def not_yet(deployment: Deployment, found: Capacity) -> list[str]:
    """What of this plan the cluster does not do in this version, each with what happens instead."""
    shape, sessions = deployment.shape, min(found.sessions_per_gpu, SESSIONS_MOST)
    group = found.sessions_per_gpu * deployment.ep
    said = ["tensors are computed on the CPU: the pods ask for GPUs that nothing uses"]
    if deployment.weight_bytes not in DTYPES:
        said.append(f"{deployment.weight_bytes:g}-byte weights: engine.dtype takes f32 or bf16, values say bf16")
    if deployment.kv_bytes != KV_BYTES_SERVED:
        said.append(f"{deployment.kv_bytes:g}-byte KV: the engine keeps fp32; plan with --kv-bytes 4 for its room")
    if sessions < group:
        said.append(f"sessions on every rank: the release holds {sessions} on its first one, not {group}")
    if shape.latent:
        said.append("latent attention: the engine computes grouped-query attention only")
    if shape.shared_experts or shape.dense_layers:
        said.append("shared experts and dense layers: every layer of the engine routes to all its experts")
    return said


def _host(cpu: int, gigabytes: float) -> Values:
    """Weights and KV pass through, or stay in, the memory of the host. No CPU limit: a tick must not be throttled."""
    gib = HOST_GIB + ceil(gigabytes * 1e9 / 2**30)
    return {"requests": {"cpu": str(cpu), "memory": f"{gib}Gi"}, "limits": {"memory": f"{2 * gib}Gi"}}
