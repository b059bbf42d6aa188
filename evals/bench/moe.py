"""The MoE layer alone, from tokens and routes to the weighted sum: ours against what torch and transformers offer.

python -m evals.bench.moe [--rounds 12] [--micro] [--json]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil
import torch
from torch import Tensor

from cluster.model.config import ModelConfig
from cluster.model.dispatch import Local
from cluster.model.moe import ExpertBank
from cluster.model.presets import MICRO
from cluster.model.random_checkpoint import write_random_checkpoint
from cluster.types import Dtype
from evals.bench.moe_baselines import BatchedMM, GroupedMM

Layer = Callable[[int, Tensor, Tensor, Tensor], Tensor]  # layer, x_TD, experts_TK, weights_TK -> y_TD

TOKENS = (1, 2, 4, 8, 16, 32)
STREAK = 6
BUDGET_S = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    name: str
    config: ModelConfig
    dtype: Dtype
    memory_gib: float  # free memory it takes: the weights once for us, once stacked for the others, and the file


MICRO_SHAPE = Shape(name="micro d256 E8 k2 i128 f32", config=MICRO, dtype=Dtype.F32, memory_gib=1.0)
QWEN_SHAPE = Shape(
    name="qwen3-30b-a3b layer d2048 E128 k8 i768 bf16",
    config=replace(
        MICRO,
        hidden_size=2_048,
        num_hidden_layers=1,
        num_experts=128,
        num_experts_per_tok=8,
        moe_intermediate_size=768,
        ctc=None,
    ),
    dtype=Dtype.BF16,
    memory_gib=7.0,
)


def percentiles(times_ms: Sequence[float]) -> dict[str, float]:
    found = np.percentile(times_ms, (50, 90, 99))
    return {name: round(float(value), 4) for name, value in zip(("p50", "p90", "p99"), found, strict=True)}


def routed(config: ModelConfig, T: int, dtype: torch.dtype, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """T random tokens, each routed to random experts with random weights that sum to 1."""
    generator = torch.Generator().manual_seed(seed)
    probs_TE = torch.randn(T, config.num_experts, generator=generator).softmax(-1)
    weights_TK, experts_TK = probs_TE.topk(config.num_experts_per_tok)
    x_TD = torch.randn(T, config.hidden_size, generator=generator).to(dtype)
    return x_TD, experts_TK, weights_TK / weights_TK.sum(-1, keepdim=True)


@torch.inference_mode()
def race(
    contenders: dict[str, Layer], config: ModelConfig, T: int, dtype: torch.dtype, *, rounds: int, budget_s: float
) -> list[dict[str, object]]:
    """Each round every contender in turn goes through all layers untimed, so that it finds its own weights in the cache
    and not its neighbour's, and then makes STREAK timed calls. Layers and routes change with every call.
    A contender that has used its budget sits out the rest. Raises RuntimeError when the contenders do not compute
    the same.
    """
    batch = routed(config, T, dtype, seed=0)
    _same([run(0, *batch) for run in contenders.values()])
    wall_ms: dict[str, list[float]] = {name: [] for name in contenders}
    cpu_ms: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds):
        batches = [routed(config, T, dtype, seed=turn * STREAK + call) for call in range(STREAK)]
        for name, run in contenders.items():
            if sum(wall_ms[name]) > 1e3 * budget_s:
                continue
            for layer in range(config.num_hidden_layers):
                run(layer, *batches[layer % STREAK])
            for call, batch in enumerate(batches):
                wall_ns, cpu_ns = time.perf_counter_ns(), time.thread_time_ns()
                run(call % config.num_hidden_layers, *batch)
                cpu_ms[name].append((time.thread_time_ns() - cpu_ns) / 1e6)
                wall_ms[name].append((time.perf_counter_ns() - wall_ns) / 1e6)
                if sum(wall_ms[name]) > 1e3 * budget_s:
                    break
    return [
        {"what": name, "T": T, "latency_ms": percentiles(wall_ms[name]), "cpu_ms": percentiles(cpu_ms[name])}
        for name in contenders
    ]


def _same(outputs: Sequence[Tensor]) -> None:
    first = outputs[0].float()
    for other in outputs[1:]:
        error = float((first - other.float()).abs().max() / first.abs().max())
        if not error < 0.03:  # bf16 has eight bits
            raise RuntimeError(f"the contenders differ by {error:.3f} of the largest value; the race means nothing")


def contenders(checkpoint_dir: Path, shape: Shape) -> dict[str, Layer]:
    """What runs the layer, by the name of its row."""
    ours = Local(ExpertBank(checkpoint_dir, dtype=shape.dtype))
    tiled = Local(ExpertBank(checkpoint_dir, dtype=shape.dtype, deterministic=True))
    grouped = GroupedMM(checkpoint_dir, shape.dtype)
    return {
        "moe-ours": ours.run,
        "moe-ours-deterministic": tiled.run,
        "moe-grouped_mm": grouped,
        "moe-batched_mm": BatchedMM(grouped.gate_up, grouped.down),
    }


def moe_rows(rounds: int = 12, shapes: Sequence[Shape] = (MICRO_SHAPE, QWEN_SHAPE)) -> Iterator[dict[str, object]]:
    """Rows `{what, T, shape, latency_ms, cpu_ms, cpu_ratio}`, or `{…, skipped}` for a shape that memory cannot hold.

    `cpu_ratio` compares the median CPU time with ours: on a machine that others use it is steadier than the wall.
    """
    torch.set_num_threads(1)
    for shape in shapes:
        free_gib = psutil.virtual_memory().available / 2**30
        if free_gib < shape.memory_gib:
            yield {
                "what": "moe",
                "shape": shape.name,
                "skipped": f"needs {shape.memory_gib} GiB, {free_gib:.1f} are free",
            }
            continue
        with tempfile.TemporaryDirectory() as folder:
            dtype = {Dtype.F32: torch.float32, Dtype.BF16: torch.bfloat16}[shape.dtype]
            racing = contenders(write_random_checkpoint(Path(folder), config=shape.config, dtype=dtype), shape)
        for T in TOKENS:
            rows = race(racing, shape.config, T, dtype, rounds=rounds, budget_s=BUDGET_S)
            ours = rows[0]["cpu_ms"]["p50"]
            for row in rows:
                yield {**row, "shape": shape.name, "cpu_ratio": round(row["cpu_ms"]["p50"] / ours, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=12, help=f"of {STREAK} calls of each contender and size")
    parser.add_argument("--micro", action="store_true", help="only the small shape")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args()
    for row in moe_rows(options.rounds, (MICRO_SHAPE,) if options.micro else (MICRO_SHAPE, QWEN_SHAPE)):
        if options.json or "skipped" in row:
            print(json.dumps(row), flush=True)
        else:
            wall, cpu = row["latency_ms"], row["cpu_ms"]["p50"]
            times = f"p50 {wall['p50']:8.3f}  p90 {wall['p90']:8.3f}  p99 {wall['p99']:8.3f}  cpu {cpu:8.3f} ms"
            print(f"{row['what']:<24} T {row['T']:>3}  {times}  x{row['cpu_ratio']:.2f}  {row['shape']}", flush=True)


if __name__ == "__main__":
    main()
