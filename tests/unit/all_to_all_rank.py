"""One rank of an AllToAll engine: python all_to_all_rank.py CHECKPOINT RENDEZVOUS OUT RANK."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist

from cluster.engine import Engine
from cluster.model.all_to_all import AllToAll
from cluster.model.moe import ExpertBank
from cluster.model.placement import held_by, uniform_placement
from cluster.types import SlotWork, TickBatch
from tests.unit.engine_tools import Driver, conversation, kv

NUM_TICKS = 12


def run_rank(folder: Path, rendezvous: Path, rank: int) -> dict[str, object]:
    """Rank 0 talks all the time; rank 1 joins after three ticks and leaves before the end, but keeps the lockstep."""
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=2)
    try:
        placement = uniform_placement(8, (0, 1), copies=1)
        bank = ExpertBank(folder, held_by(placement, rank), deterministic=True)
        exchange = AllToAll(dist.group.WORLD, bank, placement)
        return talk(Engine(folder, num_slots=2, exchange=exchange, deterministic=True), rank)
    finally:
        dist.destroy_process_group()


def talk(engine: Engine, rank: int) -> dict[str, object]:
    driver, said, calls, passes = Driver(engine), [], 0, 0
    for i, turn in enumerate(conversation(40 + rank, NUM_TICKS)):
        if rank == 1 and not 3 <= i < 9:
            result = engine.step(TickBatch(n=i, engine_epoch=1, work=()))
            continue
        prefills = (driver.opening(0),) if not said else ()
        work = SlotWork(session=f"r{rank}", epoch=1, slot=0, turns=(turn,), max_passes=5, prefills=prefills)
        result = driver.tick(work)
        said.append(driver.only(result).outputs[0].tokens)
        calls, passes = calls + result.expert_calls, passes + result.passes
    return {"said": said, "kv": kv(engine, 0), "calls": calls, "passes": passes}


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.save(run_rank(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[4])), sys.argv[3])
