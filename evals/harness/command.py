"""The command line of `counterpoint eval`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cluster.config import load
from cluster.errors import ConfigError, CounterpointError
from evals.harness.names import NAMES, named
from evals.harness.refusal import CASCADE_ITEMS
from evals.harness.run import evaluate
from evals.harness.sets import open_set
from evals.harness.stages import Stages
from evals.harness.table import show, show_text
from evals.harness.wanted import Wanted
from evals.knowledge import run as text
from evals.readers import FORMATS

REFUSED = 3
ALL = "all"


def evaluation(
    name: Annotated[str, typer.Argument(help=f"{', '.join(NAMES)}; all: these six, one cluster for all; ifeval, bbh.")],
    without: Annotated[
        list[str] | None, typer.Option(help="all: leave this set out; may be given again.", show_default=False)
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--set", help="Folder of a set; default: build/evals/NAME/SPLIT.", show_default=False)
    ] = None,
    published: Annotated[
        str, typer.Option("--format", help=f"What --set holds, as published: {', '.join(FORMATS)}; default: our own.")
    ] = "",
    split: Annotated[str, typer.Option(help="dev is free; each look at test is written down, three at most.")] = "dev",
    checkpoint: Annotated[Path | None, typer.Option(help="Default: the one that ships.", show_default=False)] = None,
    realtime: Annotated[int, typer.Option(min=0, help="Items through a served cluster in real time.")] = 100,
    sessions: Annotated[int, typer.Option(min=1, max=64, help="Of them at once.")] = 8,
    cascade: Annotated[int, typer.Option(min=0, help="Items for the cascade (`make cascade`).")] = CASCADE_ITEMS,
    deterministic: Annotated[bool, typer.Option(help="Lockstep in fixed tiles: slower, the same bits alone.")] = False,
    agent: Annotated[str, typer.Option(help="ifeval, bbh: `small`, or the URL of an OpenAI-compatible endpoint.")] = "",
    agent_model: Annotated[str, typer.Option(help="ifeval, bbh: which model of the endpoint.")] = "",
    api_key: Annotated[str, typer.Option(envvar="COUNTERPOINT_AGENT_KEY", help="ifeval, bbh: of the endpoint.")] = "",
    items: Annotated[int, typer.Option(min=0, help="ifeval, bbh: about so many prompts; 0: all.")] = 0,
    out: Annotated[Path, typer.Option(help="Where the files go.")] = Path("out/eval"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON, nothing else.")] = False,
) -> None:
    """Evaluate the model and the cluster on a set: all items on a virtual clock, some in real time, controls beside.

    Leaves NAME.json, NAME.html and NAME.items.jsonl. A report without its controls, whose oracle fails or that a
    trivial policy wins, is refused with the reason: exit code 3. Answers on the virtual clock and of the cascade are
    kept as they come, below build/evals/kept: what was interrupted goes on. ifeval and bbh ask a background agent and,
    by text, the model itself; --set names the folder with their prompts.

    Example: counterpoint eval timespeak --split dev --realtime 40

    Example: counterpoint eval all --split dev --without charades --without repcount

    Example: counterpoint eval repcount --set MY_COPY --format repcount-a

    Example: counterpoint eval bbh --set DIR --agent small --items 40
    """
    console = Console(stderr=as_json, quiet=as_json, highlight=False)
    reports: list[Mapping[str, Any]] = []
    try:
        config = load()
        weights, voice = checkpoint or config.engine.checkpoint, Path(config.serve.voice)
        with Stages(console) as stages:
            if name in text.NAMES:
                if folder is None:
                    raise ConfigError("--set", f"names the folder with the prompts of {name}; none are bundled")
                asked = text.Wanted(
                    name=name,
                    folder=folder,
                    checkpoint=weights,
                    voice=voice,
                    agent=agent,
                    agent_model=agent_model,
                    api_key=api_key,
                    items=items,
                    out=out,
                )
                reports.append(text.evaluate(asked, stages.tell))
                show_text(console, reports[0])
            else:
                wanted = Wanted(
                    checkpoint=weights,
                    voice=voice,
                    realtime=realtime,
                    sessions=sessions,
                    cascade=cascade,
                    deterministic=deterministic,
                    dtype=config.engine.dtype,
                    out=out,
                    date=datetime.now(UTC).date().isoformat(),
                )
                sets = [open_set(each, folder, split, published) for each in _names(name, without or (), folder)]
                for report in evaluate(sets, wanted, stages.tell):
                    reports.append(report)
                    show(console, report)
                    console.print(f"[dim]{out}/{report['name']}.json · .html · .items.jsonl[/]")
    except CounterpointError as error:
        typer.echo(f"counterpoint eval: {error}", err=True)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps({each["name"]: each for each in reports} if name == ALL else reports[0]))
    if any(report["refused"] for report in reports):
        raise typer.Exit(REFUSED)


def _names(name: str, without: Iterable[str], folder: Path | None) -> Iterator[str]:
    """Raises ConfigError for a set that is none, or options that do not go together."""
    left_out = set(without)
    if name != ALL:
        if left_out:
            raise ConfigError("--without", f"leaves sets out of {ALL}, not of {name}")
        return iter((named(name).name,))
    if folder is not None:
        raise ConfigError("--set", f"is the folder of one set; of {ALL} each lies where it was built")
    if unknown := left_out - set(NAMES):
        raise ConfigError("--without", f"{', '.join(sorted(unknown))} is none of {', '.join(NAMES)}")
    return (each for each in NAMES if each not in left_out)
