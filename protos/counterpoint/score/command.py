"""The command line of `counterpoint score`."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from counterpoint.commands import CLUSTER
from counterpoint.score.page import draw_page
from counterpoint.score.session import DrawnSession, UnreadableSession, read_session

HISTORIES = "counterpoint.histories"  # entry points of whoever can read the sessions of a server


def score(
    session: Annotated[
        str, typer.Argument(help="What counterpoint talk left, a server's history file, or a session's name.")
    ] = "out",
    to: Annotated[
        Path | None,
        typer.Option(help="Where the page goes; by default beside the log, for a server's session in the folder here."),
    ] = None,
    title: Annotated[str, typer.Option(help="The heading.")] = "A session",
    sound: Annotated[bool, typer.Option(help="Embed the sound; a server keeps none.")] = True,
    config: Annotated[Path | None, typer.Option(help="TOML file of the server: where histories and words lie.")] = None,
    data: Annotated[Path | None, typer.Option(help="Its folder of histories, where no TOML file says it.")] = None,
) -> None:
    """Draw a session as one self-contained page: what went in, what was said, and how punctual every micro-turn was.

    A server's sessions are drawn from their history, as its scheduler saw them; `counterpoint sessions` has the names.
    With limits.history: drop a server keeps none, unless the client asked for one.

    Example: counterpoint score out

    Example: counterpoint score default.3f2a6c0de1b4a597 --data /var/lib/counterpoint
    """
    try:
        page = write_score(session, to, title=title, sound=sound, config=config, data=data)
    except UnreadableSession as error:
        typer.echo(f"counterpoint score: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(str(page))


def write_score(
    session: str | Path,
    to: Path | None = None,
    *,
    title: str = "A session",
    sound: bool = True,
    config: Path | None = None,
    data: Path | None = None,
) -> Path:
    """Returns the page written. Raises UnreadableSession."""
    path = Path(session)
    log = path / "session.jsonl" if path.is_dir() else path
    if path.is_dir() or is_log(log):
        found, page = read_session(log), to or log.with_name("score.html")
    else:
        found, page, sound = read_history(str(session), config, data), to or Path("score.html"), False
    page.write_text(draw_page(found, title=title, sound=sound))
    return page


def is_log(path: Path) -> bool:
    """A log of counterpoint talk says in each line of what kind it is; a history does not."""
    try:
        with path.open() as lines:
            return '"kind"' in lines.readline()
    except (OSError, UnicodeDecodeError):
        return False


def read_history(session: str, config: Path | None, data: Path | None) -> DrawnSession:
    reader = next(iter(entry_points(group=HISTORIES)), None)
    if reader is None:
        raise UnreadableSession(f"{session}: not a log of counterpoint talk; to draw a server's session, {CLUSTER}")
    found = reader.load()(session, config, data)
    assert isinstance(found, DrawnSession)
    return found
