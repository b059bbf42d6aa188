"""One rank of an AllToAll engine: python all_to_all_rank.py CHECKPOINT RENDEZVOUS OUT RANK [DTYPE TICKS | HISTORY]."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
import torch.distributed as dist

from actors.replay import replay_model
from cluster.engine import Engine
from cluster.model.all_to_all import AllToAll
from cluster.model.config import load_config
from cluster.model.moe import ExpertBank
from cluster.model.placement import held_by, uniform_placement
from cluster.types import Dtype, MicroTurn, SlotWork, TickBatch
from tests.unit.engine_tools import Driver, conversation, kv
from training.listener import Past

NUM_TICKS = 12


def run_rank(
    folder: Path,
    rendezvous: Path,
    rank: int,
    dtype: Dtype = Dtype.F32,
    ticks: int = NUM_TICKS,
    turns: Sequence[MicroTurn] = (),
) -> dict[str, object]:
    """Rank 0 talks all the time; rank 1 joins after a quarter of it and leaves as early, but keeps the lockstep."""
    with rank_engine(folder, rendezvous, rank, dtype) as engine:
        return talk(engine, rank, ticks, turns)


def replay_on_rank(folder: Path, rendezvous: Path, rank: int, history: Path) -> dict[str, object]:
    """Both ranks run the same history again, each on slots of its own."""
    with rank_engine(folder, rendezvous, rank) as engine:
        return run_again(history, engine)


def run_again(history: Path, engine: Engine) -> dict[str, object]:
    """Raises ReplayDivergence where anything else is said than the history tells."""
    tokens = replay_model(history, lambda _: engine).tokens
    return {"tokens": tokens, "kv": [kv(engine, slot) for slot in (0, 1) if engine.slots.get(slot)]}


@contextmanager
def rank_engine(folder: Path, rendezvous: Path, rank: int, dtype: Dtype = Dtype.F32) -> Iterator[Engine]:
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=2)
    try:
        placement = uniform_placement(load_config(folder).num_experts, (0, 1), copies=1)
        bank = ExpertBank(folder, held_by(placement, rank), dtype=dtype, deterministic=True)
        exchange = AllToAll(dist.group.WORLD, bank, placement)
        yield Engine(folder, num_slots=2, exchange=exchange, dtype=dtype, deterministic=True)
    finally:
        dist.destroy_process_group()


def talk(engine: Engine, rank: int, ticks: int = NUM_TICKS, turns: Sequence[MicroTurn] = ()) -> dict[str, object]:
    """turns: as many as there are ticks; none: noise of its own."""
    driver, said, calls, passes, past = Driver(engine), [], 0, 0, Past()
    for i, turn in enumerate(turns or conversation(40 + rank, ticks, engine.config)):
        if rank == 1 and not ticks // 4 <= i < ticks - ticks // 4:
            result = engine.step(TickBatch(n=i, engine_epoch=1, work=()))
            continue
        prefills = (driver.opening(0),) if not said else ()
        work = SlotWork(session=f"r{rank}", epoch=1, slot=0, turns=(past.tell(turn),), max_passes=5, prefills=prefills)
        result = driver.tick(work)
        said.append(driver.only(result).outputs[0].tokens)
        past.enter(said[-1])
        calls, passes = calls + result.expert_calls, passes + result.passes
    return {"said": said, "kv": kv(engine, 0), "calls": calls, "passes": passes}


if __name__ == "__main__":
    torch.set_num_threads(1)
    folder, rendezvous, out, number = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    if len(sys.argv) == 6:
        torch.save(replay_on_rank(folder, rendezvous, number, Path(sys.argv[5])), out)
    else:
        more = (Dtype(sys.argv[5]), int(sys.argv[6])) if len(sys.argv) > 5 else ()
        torch.save(run_rank(folder, rendezvous, number, *more), out)
