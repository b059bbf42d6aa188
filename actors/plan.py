"""`counterpoint plan`: size a deployment from a model, hardware and measured cost, and say how far to believe it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
import yaml
from rich.console import Console
from rich.table import Table

from actors.plan_fit import fitted
from cluster.planning.capacity import Load, capacity
from cluster.planning.config_shape import shape_from_config
from cluster.planning.hardware import GPUS
from cluster.planning.passes import Deployment
from cluster.planning.report import Report, fit_lines, lines, report
from cluster.planning.shapes import PRESETS, ModelShape
from cluster.planning.values import Values, measured_values, not_yet, values

Known = TypeVar("Known")


def plan(
    model: Annotated[
        str, typer.Option(help=f"A folder with a config.json, or one of: {', '.join(PRESETS)}.")
    ] = "reference-276b-a12b",
    gpu: Annotated[str, typer.Option(help=f"One of: {', '.join(GPUS)}.")] = "h100",
    ep: Annotated[int, typer.Option(min=1, help="GPUs the experts are spread over.")] = 16,
    weight_bytes: Annotated[float, typer.Option(min=0.5, help="Bytes of one weight: 1 is fp8, 2 is bf16.")] = 1.0,
    kv_bytes: Annotated[float, typer.Option(min=0.5, help="Bytes of one cached number; the engine keeps 4.")] = 1.0,
    window: Annotated[int, typer.Option(min=1, help="Cached tokens of a session at most.")] = 8192,
    tokens_in: Annotated[int, typer.Option(min=1, help="Input tokens of a micro-turn.")] = 10,
    tokens_out: Annotated[int, typer.Option(min=1, help="Output tokens of a micro-turn at most.")] = 3,
    derate: Annotated[float, typer.Option(min=1.0, help="Measured over modelled tick time.")] = 1.5,
    usd_per_gpu_hour: Annotated[
        float | None, typer.Option(min=0.0, help="What you pay; default is a list price.")
    ] = None,
    fit: Annotated[
        Path | None, typer.Option(help="Calibrate to a machine: what `counterpoint bench --only capacity` left.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="Another run of it: how well does --fit predict what that one measured?")
    ] = None,
    values_file: Annotated[
        Path | None, typer.Option("--values", help="Write values for helm/counterpoint here; with --fit, for CPUs.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Sessions per GPU, what binds, what it costs, and the values file for it.

    Example: counterpoint plan --model qwen3-30b-a3b --gpu h200 --ep 8 --window 8192 --values my-values.yaml
    """
    shape, card = _shape(model), _known(GPUS, gpu, "--gpu")
    load = Load(tokens_in=tokens_in, tokens_out=tokens_out, window=window, derate=derate)
    deployment = Deployment(shape=shape, gpu=card, ep=ep, weight_bytes=weight_bytes, kv_bytes=kv_bytes)
    found = capacity(deployment, load)
    told = report(deployment, load, found, card.usd_per_hour if usd_per_gpu_hour is None else usd_per_gpu_hour)
    if against and not fit:
        raise typer.BadParameter("compares with a prediction; give --fit too", param_hint="--against")
    told["fit"] = fitted(fit, against) if fit else None
    told["not_yet"] = not_yet(deployment, found)
    if values_file:
        try:
            wanted = measured_values(told["fit"]["rated"]) if fit else values(deployment, load, found)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--values") from error
        _write(values_file, wanted, told)
    if as_json:
        typer.echo(json.dumps(told, indent=2))
    else:
        _show(told, values_file)


def _shape(model: str) -> ModelShape:
    config = Path(model) / "config.json"
    if not config.is_file():
        return _known(PRESETS, model, "--model")
    try:
        return shape_from_config(Path(model).resolve().name, json.loads(config.read_text()))
    except ValueError as error:
        raise typer.BadParameter(f"{model}: {error}", param_hint="--model") from error


def _known(table: dict[str, Known], name: str, option: str) -> Known:
    if name not in table:
        raise typer.BadParameter(f"{name!r} is not known; choose one of {', '.join(table)}", param_hint=option)
    return table[name]


def _write(path: Path, wanted: Values, told: Report) -> None:
    """YAML with what it was planned for on top. Raises BadParameter where it cannot be written."""
    try:
        path.write_text(_head(told) + yaml.safe_dump(wanted, sort_keys=False))
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be written: {error.strerror}", param_hint="--values") from error


def _head(told: Report) -> str:
    if fit := told["fit"]:
        said = [
            f"For machines like {fit['machine']}, without GPUs: {fit['rated']} sessions,",
            f"{100 * fit['reserve']:.0f} % below the {fit['predicted']} at which micro-turns begin to be late.",
        ]
    else:
        hardware = told["hardware"]
        said = [
            f"{told['model']} on {hardware['ep']} {hardware['gpu']}: {told['sessions_per_gpu']} sessions per GPU at "
            f"derate {told['derate']:g}, {told['binds']} binds.",
            "Give the claim that holds the checkpoint, and a nodeSelector for the GPU if nodes differ.",
            *(["Note: " + told["shape"]["note"] + "."] if told["shape"]["note"] else []),
            "Planned, and not done by this version of the cluster:",
            *(f"- {what}" for what in told["not_yet"]),
        ]
    return "".join(f"# {line}\n" for line in ("Written by `counterpoint plan --values`.", *said))


def _show(told: Report, values_file: Path | None) -> None:
    console = Console()
    hardware = told["hardware"]
    _table(console, f"{told['model']} on {hardware['gpu']}, EP{hardware['ep']}", lines(told))
    if told["fit"]:
        _table(console, f"fit: {told['fit']['machine']}", fit_lines(told["fit"]))
    if told["sessions_per_gpu"] == 0:
        console.print("Not one session fits. Raise --ep, lower --window or --weight-bytes, or take a larger GPU.")
    worst = max(told["checks"], key=lambda point: abs(point["error"]) / point["tolerance"])
    console.print(
        f"{len(told['checks'])} published points are met at derate {worst['derate']:g}; "
        f"the farthest is {worst['point']}: {100 * worst['error']:+.1f} %."
    )
    if told["shape"]["note"]:
        console.print(f"Note: {told['shape']['note']}.")
    for what in told["not_yet"]:
        console.print(f"Not yet: {what}.")
    if values_file:
        console.print(f"Values: {values_file}; helm install NAME helm/counterpoint --values {values_file}")


def _table(console: Console, title: str, rows: Any) -> None:
    table = Table("figure", "value", "rests on", title=title)
    for row in rows:
        table.add_row(*row)
    console.print(table)
