"""Sessions per GPU in a 200 ms tick, and which limit binds first."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

from cluster.planning.all_to_all import all_to_all_s
from cluster.planning.passes import Deployment, pass_s

TICK_S = 0.2
BUDGET_S = 0.16  # due minus cutoff: what the whole tick may take
EGRESS_S = 0.01  # ingest, voice and egress of the last result
MOST = 4096  # sessions per GPU beyond which nothing is searched
DETECT_S = 0.28  # a death right after a first pass is seen 80 ms after the next cutoff


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """tokens_in, tokens_out: of one micro-turn; window: cached tokens of a session at most."""

    tokens_in: int = 10
    tokens_out: int = 3
    window: int = 8192
    reserve: float = 0.25
    derate: float = 1.5  # measured over modelled time at small batches; 1 to 3, fitted per deployment

    @property
    def passes(self) -> int:
        """The pass that appends the input yields the first output token."""
        return max(1, self.tokens_out)

    @property
    def kv_tokens(self) -> float:
        """Half a window more: an anchor is rebuilt on a shadow slot beside the live one, staggered over sessions."""
        return 1.5 * self.window

    @property
    def tick_allowed_s(self) -> float:
        return (1 - self.reserve) * (BUDGET_S - EGRESS_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    sessions_per_gpu: int
    binds: str  # "tick", "memory" or "weights"
    by_tick: int
    by_memory: int
    tick_s: float  # of a full engine, derated
    all_to_all_us: dict[str, float]  # one layer of the append pass, of a decode pass; all layers and passes of a tick
    kv_gb_per_hour: float
    kv_gb_per_session: float
    weights_gb_per_gpu: float
    replay_s: float  # rebuild every session of a lost GPU by prefill on the rest of its group
    transfer_s: float  # or fetch its KV from buddies, spread over the group's links


def tick_s(deployment: Deployment, load: Load, sessions: float) -> float:
    append = pass_s(deployment, sessions, load.tokens_in, load.window)
    decode = pass_s(deployment, sessions, 1, load.window)
    return load.derate * (append + (load.passes - 1) * decode)


def capacity(deployment: Deployment, load: Load) -> Capacity:
    kv_token = deployment.shape.kv_bytes_per_token(deployment.kv_bytes)
    kv_session = kv_token * load.kv_tokens
    room = deployment.kv_room
    by_memory = max(0, floor(room / kv_session))
    by_tick = most_sessions(deployment, load)
    sessions = min(by_memory, by_tick)
    binds = "weights" if room <= 0 else "memory" if by_memory < by_tick else "tick"
    rate = (load.tokens_in + load.tokens_out) / TICK_S
    append_s, decode_s = (exchange_s(deployment, sessions * each) for each in (load.tokens_in, 1))
    return Capacity(
        sessions_per_gpu=sessions,
        binds=binds,
        by_tick=by_tick,
        by_memory=by_memory,
        tick_s=tick_s(deployment, load, max(1, sessions)),
        all_to_all_us={
            "append": 1e6 * append_s,
            "decode": 1e6 * decode_s,
            "tick": 1e6 * deployment.shape.moe_layers * (append_s + (load.passes - 1) * decode_s),
        },
        kv_gb_per_hour=rate * 3600 * kv_token / 1e9,
        kv_gb_per_session=kv_session / 1e9,
        weights_gb_per_gpu=deployment.weights_per_gpu / 1e9,
        replay_s=replay_s(deployment, load, sessions),
        transfer_s=sessions * kv_token * load.window / (deployment.gpu.link * max(1, deployment.ep - 1)),
    )


def most_sessions(deployment: Deployment, load: Load) -> int:
    """The largest number whose derated tick fits (1 - reserve) of the budget; by bisection, as cost only grows."""
    low, high = 0, MOST
    while low < high:
        middle = (low + high + 1) // 2
        if tick_s(deployment, load, middle) <= load.tick_allowed_s:
            low = middle
        else:
            high = middle - 1
    return low


def exchange_s(deployment: Deployment, tokens: float) -> float:
    shape = deployment.shape
    return all_to_all_s(tokens, shape.top_k, shape.hidden, deployment.ep) if tokens else 0.0


def replay_s(deployment: Deployment, load: Load, sessions: int, chunk: int = 2048) -> float:
    """Prefill `sessions` windows in chunks, shared by the surviving ranks, within the reserve of every tick."""
    if not sessions:
        return 0.0
    per_chunk = load.derate * pass_s(deployment, 1, chunk, load.window / 2)
    chunks = sessions * load.window / chunk / max(1, deployment.ep - 1)
    return chunks * per_chunk / load.reserve
