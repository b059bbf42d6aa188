"""RepCount-A: `annotation/test.csv` (type, name, count, L1, L2, …: first and last frame of each repetition) and films.

Frames become seconds by the frame rate of each film, which is in no published file.
"""

from __future__ import annotations

from pathlib import Path

import av

from cluster.errors import ConfigError
from evals.items import Expect, Item
from evals.numbers import say_count
from evals.readers.files import SHOWN_S, TAIL_S, first, number, rows, shown
from evals.repcount.build import LIVE_S


def read(folder: Path) -> list[Item]:
    table = first(folder, ("annotation/test.csv", "test.csv"), "annotations")
    return [_item(folder, where, row) for where, row in rows(table, ("type", "name", "count", "L1", "L2"))]


def _item(folder: Path, where: str, row: dict[str, str]) -> Item:
    name = row["name"]
    film = first(folder, (f"{place}{name}" for place in ("video/test/", "video/", "videos/", "")), f"{where}: name")
    rate, seconds = _rate_and_length(film)
    ends = [SHOWN_S + end / rate for end in _ends(where, row)]
    if row["count"] and int(number(where, "count", row["count"])) < 0:
        raise ConfigError(where, f"count: {row['count']} is negative")
    if len(ends) > 99:
        raise ConfigError(where, f"L{2 * len(ends)}: {len(ends)} repetitions; more than 99 cannot be said")
    return Item(
        id=Path(name).stem,
        duration_s=round(SHOWN_S + seconds + TAIL_S, 3),
        video=str(film),
        text=f"count out reps for {row['type'].replace('_', ' ')}",
        expect=tuple(Expect(text=say_count(k), from_s=end, to_s=end + LIVE_S) for k, end in enumerate(ends, 1)),
        tags={"family": row["type"], "format": "repcount-a", "count_published": row["count"], **shown()},
    )


def _ends(where: str, row: dict[str, str]) -> list[float]:
    """Of all repetitions, in frames; columns after the last one are empty."""
    columns = sorted((name for name in row if name[:1] == "L" and name[1:].isdigit()), key=lambda name: int(name[1:]))
    marks = [number(where, name, row[name]) for name in columns if row[name].strip()]
    if len(marks) % 2:
        raise ConfigError(where, f"L{len(marks)}: a repetition begins and never ends")
    ends = marks[1::2]
    if any(start > end for start, end in zip(marks[::2], ends, strict=True)) or ends != sorted(ends):
        raise ConfigError(where, "L1…: starts and ends of repetitions are not in order")
    return ends


def _rate_and_length(film: Path) -> tuple[float, float]:
    try:
        with av.open(str(film)) as file:
            stream = file.streams.video[0]
            length = file.duration / av.time_base if file.duration else stream.frames / float(stream.average_rate)
            return float(stream.average_rate), length
    except (av.FFmpegError, OSError, IndexError, TypeError, ZeroDivisionError) as error:
        raise ConfigError(str(film), f"no frame rate can be read from it: {error}") from None
