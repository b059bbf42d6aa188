"""What the readers share: tables and JSON with errors that say where, and films that must be there."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cluster.errors import ConfigError
from evals.media import VIDEO_AT

SHOWN_S = 2.0  # from the typed request to the first picture
TAIL_S = 3.0  # how long a session goes on after the film
_MARKUP = re.compile(r"<[^<>]*>|[<\x00-\x1f\x7f-\x9f]")  # of subtitles; a word with < in front reads as a control token


def rows(path: Path, needed: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """(where, row) of a table with a header. Raises ConfigError for a column that is missing."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        table = csv.DictReader(file)
        missing = [name for name in needed if name not in (table.fieldnames or ())]
        if missing:
            raise ConfigError(str(path), f"has no column {', '.join(missing)}; it has {table.fieldnames}")
        for row in table:
            yield f"{path}:{table.line_num}", {name: value or "" for name, value in row.items() if name is not None}


def number(where: str, field: str, value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]  # what is no number raises
    except (TypeError, ValueError):
        raise ConfigError(where, f"{field}: {value!r} is no number") from None


def span(where: str, field: str, value: object) -> tuple[float, float]:
    """[from, to], in order."""
    if not isinstance(value, list) or len(value) != 2:
        raise ConfigError(where, f"{field}: {value!r} is not [from, to]")
    low, high = (number(where, field, each) for each in value)
    if high < low:
        raise ConfigError(where, f"{field}: ends at {high} before it begins at {low}")
    return low, high


def loaded(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(str(path), f"is no JSON that can be read: {error}") from None


def field(where: str, record: Any, name: str) -> Any:
    if not isinstance(record, dict) or name not in record:
        raise ConfigError(where, f"{name}: is missing")
    return record[name]


def first(folder: Path, candidates: Iterable[str], what: str) -> Path:
    """The first of the files that is there. Raises ConfigError naming all that were looked for."""
    names = list(candidates)
    for name in names:
        if (folder / name).exists():
            return folder / name
    raise ConfigError(str(folder), f"{what}: none of {', '.join(names)} is there")


def typed(text: str) -> str:
    """What somebody can type of it: no markup, no control characters, no signs that stand alone. "": no words."""
    return " ".join(word for word in _MARKUP.sub(" ", text).split() if any(map(str.isalnum, word)))


def shown() -> dict[str, str]:
    return {VIDEO_AT: f"{SHOWN_S}"}
