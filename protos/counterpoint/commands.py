"""Commands that other distributions bring: found by entry point, loaded only when called.

A distribution joins with `[project.entry-points."counterpoint.commands"] name = "module:object"`, where the object is
a Typer app or a plain function. Listing the commands imports none of them, so `counterpoint talk --help` stays quick
where a cluster with torch and ray is installed too.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command as click_command

GROUP = "counterpoint.commands"
CLUSTER = "counterpoint-cluster; in a checkout: pip install -e ./protos -e ."
KNOWN = {
    "serve": "Start the whole cluster on this machine, or on a Ray cluster.",
    "demo": "One live session, end to end, on real speech; leaves out/.",
    "bench": "Sessions, latency and baselines; leaves out/bench.json.",
    "replay": "Run a recorded history again and report the first difference.",
    "sessions": "List the sessions of a running cluster.",
    "drain": "Send the clients of a node away; they resume elsewhere.",
    "top": "Watch a running cluster: lateness, slots, headroom.",
    "plan": "Size a deployment from a model and measured cost.",
    "eval": "Score a checkpoint on an evaluation set.",
    "check-config": "Read a configuration file and name what is wrong with it.",
}


class Commands(TyperGroup):
    """The commands of this distribution, then those of others."""

    def list_commands(self, ctx: typer.Context) -> list[str]:
        brought = [name for name in installed() if name not in KNOWN]
        return [*super().list_commands(ctx), *KNOWN, *sorted(brought)]

    def get_command(self, ctx: typer.Context, cmd_name: str) -> TyperCommand | TyperGroup | None:
        """A stand-in with a one-line help for a command of another distribution."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        points = installed()
        if cmd_name not in KNOWN and cmd_name not in points:
            return None
        return TyperCommand(cmd_name, help=KNOWN.get(cmd_name) or f"From {points[cmd_name].value}.")

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> tuple[str | None, object, list[str]]:
        """The command itself, imported now because it is about to run."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is None or name in self.commands:
            return name, command, rest
        return name, load(name), rest


def installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def load(name: str) -> TyperCommand | TyperGroup:
    """Import a brought command. Exits with code 1 and what to install where it, or something it needs, is missing."""
    point = installed().get(name)
    if point is None:
        raise missing(f"counterpoint {name}: this command is not installed.")
    try:
        loaded: typer.Typer | Callable[..., object] = point.load()
    except (ImportError, AttributeError) as error:
        raise missing(f"counterpoint {name}: {point.value} cannot be loaded: {error}") from error
    if isinstance(loaded, typer.Typer):
        return click_command(loaded)
    app = typer.Typer(add_completion=False)
    app.command(name)(loaded)
    return click_command(app)


def missing(sentence: str) -> typer.Exit:
    typer.echo(f"{sentence}\nIt comes with {CLUSTER}", err=True)
    return typer.Exit(1)
