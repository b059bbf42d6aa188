"""Users' own copies of published sets, in the formats in which they are published: `read("charades", folder)`.

Nothing of these sets is in this tree. Media stay where the user keeps them; an item names them by their full path. The
published protocols ask first and then show: the request is typed when the session begins, the film starts `SHOWN_S`
later (tag `video_at_s`), and labels count from the beginning of the session. Scores on clips that somebody chose are
not comparable with published ones, whose choice is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cluster.errors import ConfigError
from evals.items import Item, told_apart
from evals.readers import charades, full_duplex_bench, proactivevideoqa, repcount

FORMATS: Mapping[str, Callable[[Path], list[Item]]] = {
    "repcount-a": repcount.read,
    "charades": charades.read,
    "proactivevideoqa": proactivevideoqa.read,
    "full-duplex-bench": full_duplex_bench.read,
}


def read(name: str, folder: Path) -> list[Item]:
    """name: one of FORMATS. Raises ConfigError naming the file, the line and the field that is wrong."""
    if name not in FORMATS:
        raise ConfigError("--format", f"{name!r} is none of {', '.join(FORMATS)}")
    if not folder.is_dir():
        raise ConfigError("--set", f"{folder} is no folder")
    items = FORMATS[name](folder.resolve())
    if not items:
        raise ConfigError(str(folder), f"holds nothing of the format {name} that can be asked")
    return told_apart(items, folder)
