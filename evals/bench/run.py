"""`counterpoint bench`: live sessions, the echoes a user would compare with, and the MoE layer alone, in one run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from counterpoint.talk.wav import read_wav
from evals.bench.capacity import MOST, capacity_rows, left_alone, measure_spans
from evals.bench.echoes import run_echoes
from evals.bench.machine import cost_of, describe, spent
from evals.bench.moe import moe_rows
from evals.bench.rows import Row, table
from evals.bench.sessions import Load, run, summarise
from evals.served import served

RECORDING = Path(__file__).parents[2] / "models" / "counterpoint-micro" / "demo" / "bench.wav"
COUNTS = (1, 4, 8, 16, 32)
WARM_UP_S = 10.0
PARTS = ("sessions", "echoes", "moe")
CAPACITY = "capacity"  # what `counterpoint plan --fit` reads
TRACES = "traces"  # what tracing costs
ASKED = (CAPACITY, TRACES)  # only where they are asked for


def bench(
    out: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("out/bench.json"),
    seconds: Annotated[float, typer.Option(min=2, help="Measured span of each row of sessions, after warm-up.")] = 60,
    sessions: Annotated[str, typer.Option(help="Numbers of sessions, by commas.")] = ",".join(map(str, COUNTS)),
    only: Annotated[str, typer.Option(help=f"Parts, by commas: {', '.join((*PARTS, *ASKED))}.")] = ",".join(PARTS),
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON, nothing else.")] = False,
) -> None:
    """Measure this machine. A full run takes about 16 minutes; leave the machine alone meanwhile.

    Example: counterpoint bench --seconds 20 --sessions 1,8 --only sessions,echoes
    """
    console = Console(stderr=as_json, quiet=as_json)
    counts = tuple(int(part) for part in sessions.split(","))
    parts = only.split(",")
    if unknown := sorted(set(parts) - {*PARTS, *ASKED}):
        known = ", ".join((*PARTS, *ASKED))
        raise typer.BadParameter(f"{', '.join(unknown)}: choose from {known}", param_hint="--only")
    machine = describe()
    if not machine["quiet"]:
        console.print(
            f"[yellow]load is {machine['load_at_start']}: the machine is not quiet, figures are pessimistic[/]"
        )
    report: dict[str, Any] = {"machine": machine, "rows": []}
    out.parent.mkdir(parents=True, exist_ok=True)
    shown: list[Row] = []
    # One loop for all clients: grpc brings what is left of one through the next, and to a closed one it cannot.
    with asyncio.Runner() as runner:
        for row in _rows(parts, counts, seconds, runner):
            if isinstance(row, Row):
                shown.append(row)
            report["rows"].append(row.as_json() if isinstance(row, Row) else row)
            out.write_text(json.dumps(report, indent=2) + "\n")
            console.print(_line(report["rows"][-1]))
    console.print(table(shown))
    if as_json:
        typer.echo(json.dumps(report))


def _rows(
    parts: list[str], counts: tuple[int, ...], seconds: float, runner: asyncio.Runner
) -> Iterator[Row | dict[str, Any]]:
    if "sessions" in parts:
        for what, deterministic in (("counterpoint", "false"), ("counterpoint-deterministic", "true")):
            environment = {"COUNTERPOINT_ENGINE__DETERMINISTIC": deterministic}
            with served("--sessions", str(max(counts)), environment=environment) as cluster:
                for count in counts:
                    yield _measure(what, _load(cluster.target, count, seconds), cluster.pids, runner)
    if CAPACITY in parts:
        environment = {"COUNTERPOINT_ENGINE__DETERMINISTIC": "false"}
        with served("--sessions", str(MOST), environment=environment) as cluster:
            pids = cluster.pids

            def measured(count: int) -> Row:
                return left_alone(lambda: measure_spans(_load(cluster.target, count, seconds), pids, runner))

            yield from capacity_rows(measured, MOST)
    if TRACES in parts:
        from evals.bench.traces import trace_rows  # late: an extra

        yield from trace_rows()
    if "echoes" in parts:
        yield from run_echoes(counts, min(seconds, 20), 3, runner)
    if "moe" in parts:
        yield from moe_rows()


def _load(target: str, count: int, seconds: float) -> Load:
    sound = np.frombuffer(read_wav(RECORDING).pcm, "<i2")
    return Load(target=target, sessions=count, warm_up_s=WARM_UP_S, seconds=seconds, audio=sound)


def _measure(what: str, load: Load, pids: dict[str, int], runner: asyncio.Runner) -> Row:
    before = cost_of(pids)
    outcomes = runner.run(run(load))
    cpu, rss = spent(before, cost_of(pids))
    return replace(summarise(what, load, outcomes), cpu_s_per_actor=cpu, rss_mb_per_actor=rss)


def _line(row: dict[str, Any]) -> str:
    if "skipped" in row:
        return f"{row['what']} {row['shape']}: {row['skipped']}"
    if row["what"] == TRACES:
        return f"traces, {row['state']}: {row['us']} µs a micro-turn, {100 * row['of_a_micro_turn']:.4f} % of its time"
    latency = row["latency_ms"]
    size = f"{row['sessions']} sessions" if "sessions" in row else f"T {row['T']}"
    on_time = f", {100 * row['on_time_rate']:.2f} % on time" if row.get("on_time_rate") is not None else ""
    if (alone := row.get("alone")) is not None:
        on_time += f" of the {100 * alone:.0f} % that the host left alone" if on_time else ", too little was left alone"
    return f"{row['what']}, {size}: p50 {latency['p50']} p90 {latency['p90']} p99 {latency['p99']} ms{on_time}"
