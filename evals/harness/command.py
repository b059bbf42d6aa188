"""The command line of `counterpoint eval`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from cluster.config import load
from cluster.errors import ConfigError, CounterpointError
from evals.harness.refusal import CASCADE_ITEMS
from evals.harness.run import Wanted, evaluate
from evals.harness.table import show, show_text
from evals.knowledge import run as text
from evals.readers import FORMATS

REFUSED = 3


def evaluation(
    name: Annotated[
        str, typer.Argument(help="timespeak, cuespeak, dialogue, repcount, charades, proactivevideoqa; ifeval, bbh.")
    ],
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
    trivial policy wins, is refused with the reason: exit code 3. ifeval and bbh ask a background agent and, by text,
    the model itself; --set names the folder with their prompts.

    Example: counterpoint eval timespeak --split dev --realtime 40

    Example: counterpoint eval repcount --set MY_COPY --format repcount-a

    Example: counterpoint eval bbh --set DIR --agent small --items 40
    """
    console = Console(stderr=as_json, quiet=as_json, highlight=False)
    try:
        config = load()
        weights, voice = checkpoint or config.engine.checkpoint, Path(config.serve.voice)
        with Stages(console) as stages:
            if name in text.NAMES:
                if folder is None:
                    raise ConfigError("--set", f"names the folder with the prompts of {name}; none are bundled")
                report = text.evaluate(
                    text.Wanted(
                        name=name,
                        folder=folder,
                        checkpoint=weights,
                        voice=voice,
                        agent=agent,
                        agent_model=agent_model,
                        api_key=api_key,
                        items=items,
                        out=out,
                    ),
                    stages.tell,
                )
            else:
                report = evaluate(
                    Wanted(
                        name=name,
                        folder=folder,
                        published=published,
                        split=split,
                        checkpoint=weights,
                        voice=voice,
                        realtime=realtime,
                        sessions=sessions,
                        cascade=cascade,
                        deterministic=deterministic,
                        dtype=config.engine.dtype,
                        out=out,
                        date=datetime.now(UTC).date().isoformat(),
                    ),
                    stages.tell,
                )
    except CounterpointError as error:
        typer.echo(f"counterpoint eval: {error}", err=True)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps(report))
    elif name in text.NAMES:
        show_text(console, report)
    else:
        show(console, report)
        console.print(f"[dim]{out}/{name}.json · {name}.html · {name}.items.jsonl[/]")
    if report["refused"]:
        raise typer.Exit(REFUSED)


class Stages:
    """A bar for each stage, as it comes."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(console=console, transient=True)
        self._tasks: dict[str, TaskID] = {}

    def tell(self, stage: str, done: int, of: int) -> None:
        task = self._tasks.get(stage)
        if task is None:
            task = self._tasks[stage] = self._progress.add_task(stage, total=of)
        self._progress.update(task, completed=done)

    def __enter__(self) -> Stages:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
