"""`counterpoint plan`: size a deployment from a model, hardware and measured cost, and say how far to believe it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from cluster.planning.capacity import BUDGET_S, EGRESS_S, Capacity, Load, capacity
from cluster.planning.checks import Check, checks
from cluster.planning.fit import fit
from cluster.planning.hardware import GPUS
from cluster.planning.passes import Deployment
from cluster.planning.shapes import PRESETS

Known = TypeVar("Known")
FIT_UP_TO = 8  # sessions; what lies above is predicted and compared


def plan(
    model: Annotated[str, typer.Option(help=f"One of: {', '.join(PRESETS)}.")] = "reference-276b-a12b",
    gpu: Annotated[str, typer.Option(help=f"One of: {', '.join(GPUS)}.")] = "h100",
    ep: Annotated[int, typer.Option(min=1, help="GPUs the experts are spread over.")] = 16,
    weight_bytes: Annotated[float, typer.Option(help="Bytes of one weight: 1 is fp8, 2 is bf16.")] = 1.0,
    kv_bytes: Annotated[float, typer.Option(help="Bytes of one cached number.")] = 1.0,
    window: Annotated[int, typer.Option(help="Cached tokens of a session at most.")] = 8192,
    tokens_in: Annotated[int, typer.Option(help="Input tokens of a micro-turn.")] = 10,
    tokens_out: Annotated[int, typer.Option(help="Output tokens of a micro-turn at most.")] = 3,
    derate: Annotated[float, typer.Option(min=1.0, help="Measured over modelled tick time.")] = 1.5,
    usd_per_gpu_hour: Annotated[float | None, typer.Option(help="What you pay; default is a list price.")] = None,
    fit_bench: Annotated[Path | None, typer.Option("--fit", help="An out/bench.json of this machine.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Sessions per GPU, what binds, and what it costs.

    Example: counterpoint plan --model deepseek-v3 --gpu h200 --ep 32 --window 8192
    """
    shape, card = _known(PRESETS, model, "--model"), _known(GPUS, gpu, "--gpu")
    load = Load(tokens_in=tokens_in, tokens_out=tokens_out, window=window, derate=derate)
    deployment = Deployment(shape=shape, gpu=card, ep=ep, weight_bytes=weight_bytes, kv_bytes=kv_bytes)
    found = capacity(deployment, load)
    price = card.usd_per_hour if usd_per_gpu_hour is None else usd_per_gpu_hour
    report = {
        "model": {"name": shape.name, "total": shape.total_params, "active": shape.active_params, "note": shape.note},
        "gpu": card.name,
        "ep": ep,
        "sessions_per_gpu": found.sessions_per_gpu,
        "sessions_per_group": found.sessions_per_gpu * ep,
        "binds": found.binds,
        "by_tick": found.by_tick,
        "by_memory": found.by_memory,
        "tick_ms": round(1e3 * found.tick_s, 1),
        "all_to_all_us": {name: round(value, 1) for name, value in found.all_to_all_us.items()},
        "kv_gb_per_hour": round(found.kv_gb_per_hour, 2),
        "kv_gb_per_session": round(found.kv_gb_per_session, 3),
        "weights_gb_per_gpu": round(found.weights_gb_per_gpu, 1),
        "failover_s": {"buddy_transfer": round(found.transfer_s, 3), "replay": round(found.replay_s, 2)},
        "cost_per_session_hour": round(price / found.sessions_per_gpu, 4) if found.sessions_per_gpu else None,
        "derate": derate,
        "checks": [{**asdict(check), "error": round(check.error, 4)} for check in checks()],
        "fit": _fit(fit_bench) if fit_bench else None,
    }
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        _show(f"{shape.name} on {card.name}, EP{ep}", shape.note, report, found, checks())


def _known(table: dict[str, Known], name: str, option: str) -> Known:
    if name not in table:
        raise typer.BadParameter(f"{name!r} is not known; choose one of {', '.join(table)}", param_hint=option)
    return table[name]


def _fit(path: Path) -> dict[str, object]:
    """Fit C(n) on rows of at most FIT_UP_TO sessions and compare with the largest row measured."""
    try:
        rows = [row for row in json.loads(path.read_text())["rows"] if row["what"] == "counterpoint"]
    except (OSError, ValueError, KeyError) as error:
        hint = f"{path} is no bench result ({error}); run `make bench`"
        raise typer.BadParameter(hint, param_hint="--fit") from error
    ticks = [(int(row["sessions"]), float(row["tick_ms"]["p50"]) / 1e3) for row in rows if row.get("tick_ms")]
    try:
        line = fit([tick for tick in ticks if tick[0] <= FIT_UP_TO])
    except ValueError as error:
        raise typer.BadParameter(f"{path}: {error}", param_hint="--fit") from error
    largest, measured = max(ticks)
    return {
        "base_ms": round(1e3 * line.base_s, 2),
        "each_ms": round(1e3 * line.each_s, 3),
        "capacity": line.capacity(BUDGET_S - EGRESS_S, 0.25),
        "at_sessions": largest,
        "predicted": round(1e3 * line(largest), 2),
        "measured": round(1e3 * measured, 2),
        "error": round(line(largest) / measured - 1, 4),
    }


def _show(title: str, note: str, report: dict[str, object], found: Capacity, points: list[Check]) -> None:
    console = Console()
    table = Table(title=title, show_header=False)
    for name, value in report.items():
        if name not in ("checks", "model", "gpu", "ep") and value is not None:
            table.add_row(name.replace("_", " "), str(value))
    console.print(table)
    if found.sessions_per_gpu == 0:
        console.print("Not one session fits. Raise --ep, lower --window or --weight-bytes, or take a larger GPU.")
    worst = max(points, key=lambda point: abs(point.error) / point.tolerance)
    console.print(f"{len(points)} published points are met; the farthest is {worst.point}: {100 * worst.error:+.1f} %.")
    if note:
        console.print(f"Note: {note}.")
