"""The command line of `counterpoint score`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from counterpoint.score.page import draw_page
from counterpoint.score.session import UnreadableSession, read_session


def score(
    session: Annotated[Path, typer.Argument(help="The folder counterpoint talk left, or its session.jsonl.")] = Path(
        "out"
    ),
    to: Annotated[Path | None, typer.Option(help="Where the page goes; by default beside the log.")] = None,
    title: Annotated[str, typer.Option(help="The heading.")] = "A session",
    sound: Annotated[bool, typer.Option(help="Embed the sound.")] = True,
) -> None:
    """Draw a session as one self-contained page: what went in, what was said, and how punctual every micro-turn was.

    Example: counterpoint score out
    """
    try:
        page = write_score(session, to, title=title, sound=sound)
    except UnreadableSession as error:
        typer.echo(f"counterpoint score: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(str(page))


def write_score(session: Path, to: Path | None = None, *, title: str = "A session", sound: bool = True) -> Path:
    """session: as in `read_session`. Returns the page written. Raises UnreadableSession."""
    drawn = read_session(session)
    page = to or (session if session.is_dir() else session.parent) / "score.html"
    page.write_text(draw_page(drawn, title=title, sound=sound))
    return page
