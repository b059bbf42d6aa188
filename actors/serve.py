"""`counterpoint serve`, `counterpoint sessions` and `counterpoint check-config`."""

from __future__ import annotations

import asyncio
import json
import signal
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cluster.config import Config, load
from cluster.errors import CounterpointError
from cluster.telemetry.logging import configure_logging

ConfigFile = Annotated[Path | None, typer.Option("--config", help="TOML file; environment and options win over it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def serve(
    config: ConfigFile = None,
    address: Annotated[str | None, typer.Option(help="Ray cluster to join, as HOST:PORT; else one of its own.")] = None,
    host: Annotated[str | None, typer.Option(help="Where clients are listened for.")] = None,
    port: Annotated[int | None, typer.Option(help="Public gRPC port; 0 takes a free one.")] = None,
    exchange: Annotated[str | None, typer.Option(help="How rows reach experts: local, grpc or alltoall.")] = None,
    sessions: Annotated[int | None, typer.Option(help="Most sessions at a time.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded store, histories and logs.")] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="Folder of the model to serve.")] = None,
    as_json: AsJson = False,
) -> None:
    """Start the whole cluster and serve until Ctrl-C.

    Example: counterpoint serve --port 50051 --sessions 8
    """
    options = {
        "serve.ray_address": address,
        "serve.host": host,
        "serve.port": port,
        "experts.exchange": exchange,
        "scheduler.max_sessions": sessions,
        "serve.data_dir": data,
        "engine.checkpoint": checkpoint,
    }
    try:
        given = {path: value for path, value in options.items() if value is not None}
        settings = load(config, overrides=given)
        configure_logging("serve", level=settings.telemetry.log_level)
        asyncio.run(_until_interrupted(settings, as_json))
    except CounterpointError as error:
        raise _failed(error) from error


def sessions(
    config: ConfigFile = None,
    address: Annotated[str, typer.Option(help="Ray cluster it runs on; auto: the one of this machine.")] = "auto",
    as_json: AsJson = False,
) -> None:
    """List the sessions of a running cluster.

    Example: counterpoint sessions --json
    """
    from actors.app import joined

    try:
        with joined(load(config, overrides={"serve.ray_address": address})) as supervisor:
            held = asyncio.run(supervisor.tell("sessions"))
    except CounterpointError as error:
        raise _failed(error) from error
    rows = [asdict(session) for session in held]
    if as_json:
        out.print_json(json.dumps(rows))
        return
    out.print(table_of(rows) if rows else "no session")


def table_of(rows: list[dict[str, object]]) -> Table:
    """Fits 80 columns with the names whole, for `counterpoint score` asks for them."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    for name in rows[0]:
        table.add_column(name.replace("_", " "), no_wrap=name == "session")
    for row in rows:
        table.add_row(*map(str, row.values()))
    return table


def check_config(
    file: Annotated[Path, typer.Argument(help="TOML file to read.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as it would be used.")] = False,
) -> None:
    """Read a configuration as `serve` would and name what is wrong with it. Secrets are masked.

    Example: counterpoint check-config deploy/config/dev.toml
    """
    try:
        config = load(file)
    except CounterpointError as error:
        raise _failed(error) from error
    if as_json:
        out.print_json(json.dumps(config.shown()))
    else:
        out.print(f"{file}: every key is known and its value fits")


async def _until_interrupted(config: Config, as_json: bool) -> None:
    from actors.app import App  # late: `check-config` needs no Ray

    app, loop = App(config), asyncio.get_running_loop()
    interrupted: asyncio.Future[int] = loop.create_future()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda by=number: interrupted.done() or interrupted.set_result(by))
    starting = asyncio.ensure_future(app.start())
    await asyncio.wait((starting, interrupted), return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()  # start ends what it began
    try:
        actors = await starting
        facts = await app.facts()
        if as_json:
            out.print(json.dumps({**facts, "actors": [asdict(actor) for actor in actors]}))
        else:
            table = Table("actor", "pid", "address", "metrics")
            for actor in actors:
                table.add_row(actor.name, str(actor.pid), actor.address, actor.metrics_address)
            out.print(table)
            out.print(" · ".join(f"{name} [bold]{value}[/bold]" for name, value in facts.items()))
            out.print("Ctrl-C stops it.")
        await interrupted
    except asyncio.CancelledError:
        return
    finally:
        by = interrupted.result() if interrupted.done() else None
        await app.stop(leave=by == signal.SIGTERM and config.serve.keep_actors)


def _failed(error: CounterpointError) -> typer.Exit:
    err.print(f"counterpoint: {error}", style="red")
    return typer.Exit(1)
