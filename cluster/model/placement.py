"""Which shard answers for each expert. Torch-free."""

from __future__ import annotations

from functools import lru_cache

from cluster.types import Placement


def uniform_placement(num_experts: int, shards: tuple[int, ...], *, copies: int, epoch: int = 0) -> Placement:
    """Every expert on `copies` of the shards, the preferred one rotating so that load is even."""
    if not 1 <= copies <= len(shards):
        raise ValueError(f"copies: {copies} must be in 1..{len(shards)}, the number of shards")
    replicas = tuple(tuple(shards[(expert + i) % len(shards)] for i in range(copies)) for expert in range(num_experts))
    return Placement(epoch=epoch, replicas=replicas)


@lru_cache(maxsize=256)
def routes(placement: Placement, healthy: frozenset[int]) -> tuple[int | None, ...]:
    """The shard each expert is sent to; None where no healthy shard holds it.

    Fixed for a placement and a set of healthy shards: each expert goes to the one of its shards that was given the
    fewest so far, the preferred one on a tie. So shards that hold the same experts work in parallel.
    """
    given = dict.fromkeys(healthy, 0)
    chosen: list[int | None] = []
    for replicas in placement.replicas:
        alive = [shard for shard in replicas if shard in healthy]
        shard = min(alive, key=given.__getitem__) if alive else None
        if shard is not None:
            given[shard] += 1
        chosen.append(shard)
    return tuple(chosen)


def together(placement: Placement, healthy: frozenset[int], experts: frozenset[int], turn: int) -> int | None:
    """One healthy shard that holds all these experts; `turn` picks among several. None where there is none."""
    able = [shard for shard in sorted(healthy) if all(shard in placement.replicas[expert] for expert in experts)]
    return able[turn % len(able)] if able else None


def held_by(placement: Placement, shard: int) -> tuple[int, ...]:
    """Experts a shard must hold, ascending."""
    return tuple(expert for expert, replicas in enumerate(placement.replicas) if shard in replicas)
