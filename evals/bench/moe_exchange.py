"""What an exchange costs a layer: experts in this process, on one shard, and spread over two.

python -m evals.bench.moe_exchange [--rounds 12] [--tcp] [--json]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import torch

from actors.expert_client import ExpertClient
from cluster.clock import MonotonicClock
from cluster.model.dispatch import Exchange, Local
from cluster.model.moe import ExpertBank
from cluster.model.placement import uniform_placement
from cluster.model.presets import MICRO
from cluster.model.random_checkpoint import write_random_checkpoint
from cluster.model.remote import Remote
from cluster.telemetry.logging import configure_logging
from evals.bench.moe import percentiles, routed

TOKENS = (1, 3, 8, 16, 48, 96)
PASSES = 5  # of each exchange a round, before it is the next one's turn
WARM_UP_PASSES = 20


@contextmanager
def shard_process(checkpoint_dir: Path, address: str) -> Iterator[tuple[str, int]]:
    """A shard with all experts in a process of its own: its address and pid. Raises RuntimeError if it ends at once."""
    command = [sys.executable, "-m", "actors.expert", "--checkpoint", str(checkpoint_dir), "--address", address]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        with process.stdout as output:
            line = output.readline()
        if not line:
            raise RuntimeError(f"the shard ended with {process.wait()} before it served; run {' '.join(command)}")
        yield json.loads(line)["address"], process.pid
    finally:
        process.terminate()
        process.wait()


@torch.inference_mode()
def one_pass(exchange: Exchange, T: int, tick: int) -> tuple[float, bool]:
    """Milliseconds a layer, and whether nothing was re-issued or dropped."""
    batches = [routed(MICRO, T, torch.float32, seed=tick * 10 + layer) for layer in range(MICRO.num_hidden_layers)]
    exchange.begin_pass(tick, 0, lambda: None)
    started_ns = time.perf_counter_ns()
    for layer, batch in enumerate(batches):
        exchange.run(layer, *batch)
    taken_ms = (time.perf_counter_ns() - started_ns) / 1e6
    report = exchange.end_pass()
    return taken_ms / MICRO.num_hidden_layers, not (report.reissued_calls or report.degraded_rows)


def race(exchanges: dict[str, Exchange], pids: list[int], T: int, rounds: int) -> list[dict[str, object]]:
    """Passes in turn; a pass with a re-issued call is counted, its time kept. CPU is of all processes together."""
    taken_ms: dict[str, list[float]] = {name: [] for name in exchanges}
    cpu_s, disturbed = dict.fromkeys(exchanges, 0.0), dict.fromkeys(exchanges, 0)
    for turn in range(rounds):
        for name, exchange in exchanges.items():
            before_s = _cpu_s(pids)
            for i in range(PASSES):
                ms, clean = one_pass(exchange, T, tick=turn * PASSES + i)
                taken_ms[name].append(ms)
                disturbed[name] += not clean
            cpu_s[name] += _cpu_s(pids) - before_s
    layers = rounds * PASSES * MICRO.num_hidden_layers
    return [
        {
            "what": name,
            "T": T,
            "latency_ms": percentiles(taken_ms[name]),
            "cpu_ms_per_layer": round(1e3 * cpu_s[name] / layers, 3),
            "passes": rounds * PASSES,
            "disturbed_passes": disturbed[name],
        }
        for name in exchanges
    ]


def _cpu_s(pids: list[int]) -> float:
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(time.user + time.system for time in times)


def exchange_rows(rounds: int = 12, *, tcp: bool = False) -> Iterator[dict[str, object]]:
    """Rows `exchange-local|one-shard|two-shards` with latency a layer, for the micro shape in fp32."""
    torch.set_num_threads(1)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        checkpoint_dir = write_random_checkpoint(folder / "checkpoint")
        addresses = ["127.0.0.1:0" if tcp else f"unix:{folder}/{shard}.sock" for shard in range(2)]
        shards = [stack.enter_context(shard_process(checkpoint_dir, address)) for address in addresses]
        client = ExpertClient({shard: address for shard, (address, _) in enumerate(shards)})
        client.start(timeout_s=60.0)
        stack.callback(client.close)
        experts, clock = MICRO.num_experts, MonotonicClock()
        exchanges: dict[str, Exchange] = {
            "exchange-local": Local(ExpertBank(checkpoint_dir)),
            "exchange-one-shard": Remote(client, uniform_placement(experts, (0, 1), copies=2), clock),
            "exchange-two-shards": Remote(client, uniform_placement(experts, (0, 1), copies=2), clock, few_rows=0),
        }
        pids = [psutil.Process().pid, *(pid for _, pid in shards)]
        for tick in range(WARM_UP_PASSES):
            for exchange in exchanges.values():
                one_pass(exchange, 8, tick)
        for T in TOKENS:
            rows = race(exchanges, pids, T, rounds)
            local_ms = rows[0]["latency_ms"]["p50"]
            for row in rows:
                yield {**row, "added_ms": round(row["latency_ms"]["p50"] - local_ms, 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=12, help=f"of {PASSES} passes of each exchange and size")
    parser.add_argument("--tcp", action="store_true", help="TCP on the loopback instead of a unix socket")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args()
    configure_logging("bench", level="warning")
    for row in exchange_rows(options.rounds, tcp=options.tcp):
        if options.json:
            print(json.dumps(row), flush=True)
            continue
        wall = row["latency_ms"]
        times = f"p50 {wall['p50']:7.3f}  p90 {wall['p90']:7.3f}  p99 {wall['p99']:7.3f} ms a layer"
        extra = f"cpu {row['cpu_ms_per_layer']:.3f}  added {row['added_ms']:+.3f}  disturbed {row['disturbed_passes']}"
        print(f"{row['what']:<20} T {row['T']:>3}  {times}  {extra}", flush=True)


if __name__ == "__main__":
    main()
