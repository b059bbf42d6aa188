"""The `counterpoint` command: `talk` and `score` live here, other distributions bring the rest (see commands.py)."""

from __future__ import annotations

import typer

from counterpoint.commands import Commands
from counterpoint.score.command import score
from counterpoint.talk.command import talk

app = typer.Typer(
    cls=Commands,
    name="counterpoint",
    help="Talk to interaction models in micro-turns of 200 ms, and serve them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def counterpoint() -> None:
    pass


app.command("talk")(talk)
app.command("score")(score)


def main() -> None:
    app()
