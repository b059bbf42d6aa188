"""What every evaluation set, policy and scorer shares: items, what was said, and how one item scored.

A set is a folder: `manifest.jsonl`, one item a line, with the media beside it (DESIGN.md section 13).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cluster.errors import ConfigError

MANIFEST = "manifest.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happens in the input at `t_s`, known to the sample. kind "text": `text` is typed by the user."""

    t_s: float
    kind: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """An answer that is due: `text` with its onset in [from_s, to_s]."""

    text: str
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbid:
    """A stretch in which nothing may be said."""

    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """audio, video: file names in the set's folder. text: typed at the start. tags: at least family and voice."""

    id: str
    duration_s: float
    audio: str = ""
    video: str = ""
    text: str = ""
    events: tuple[Event, ...] = ()
    expect: tuple[Expect, ...] = ()
    forbid: tuple[Forbid, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """The micro-turn that emitted an output, what lay between its end and its slot, and how late its result came."""

    k: int
    jitter_ms: int
    due_ms: int
    late_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An output: where it is heard, in media time. text: its words, or one event in angle brackets. emitted: where it
    comes from micro-turns.
    """

    onset_s: float
    text: str
    end_s: float = 0.0
    emitted: Emitted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One item. score: 0 to 1. alarms: voiced outputs that answer nothing. measures: numbers to be summarised."""

    id: str
    score: float
    alarms: int
    seconds: float
    tags: Mapping[str, str]
    errors_s: tuple[float, ...] = ()
    measures: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls, item: Item, score: float, alarms: int, errors_s: tuple[float, ...], measures: Mapping[str, float]
    ) -> Outcome:
        return cls(
            id=item.id,
            score=score,
            alarms=alarms,
            seconds=item.duration_s,
            tags=item.tags,
            errors_s=errors_s,
            measures=measures,
        )


def mean(values: Sequence[float]) -> float:
    """0.0 of nothing."""
    return sum(values) / len(values) if values else 0.0


class Scorer(Protocol):
    """Each of `evals/NAME/score.py` has these as functions."""

    def judge(self, item: Item, said: Sequence[Said]) -> Outcome: ...


def read_set(folder: Path) -> list[Item]:
    """Raises ConfigError naming the line and the field that is wrong, or the id that occurs twice."""
    path = folder / MANIFEST
    if not path.exists():
        raise ConfigError(f"{path}", "no manifest there; an evaluation set is a folder with a manifest.jsonl")
    rows = enumerate(path.read_text().splitlines(), 1)
    return told_apart([_item(row, f"{path}:{number}") for number, row in rows], path)


def told_apart(items: list[Item], where: Path) -> list[Item]:
    """What is said belongs to an item by its id alone. Raises ConfigError for one that occurs twice."""
    twice = [id for id, times in Counter(item.id for item in items).items() if times > 1]
    if twice:
        raise ConfigError(f"{where}", f"the id {twice[0]!r} occurs more than once; each item needs its own")
    return items


def manifest(items: Iterable[Item]) -> str:
    """One line an item; empty fields are left out."""
    return "".join(json.dumps(_sparse(asdict(item)), sort_keys=True) + "\n" for item in items)


def write_set(folder: Path, items: Iterable[Item]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).write_text(manifest(items))


def set_hash(folder: Path) -> str:
    """SHA-256 over the manifest and every media file it names, in its order."""
    return hash_of((folder / MANIFEST).read_bytes(), read_set(folder), folder)


def hash_of(lines: bytes, items: Iterable[Item], folder: Path) -> str:
    """SHA-256 over a manifest and every media file of its items, in their order."""
    digest = hashlib.sha256(lines)
    for item in items:
        for name in filter(None, (item.audio, item.video)):
            digest.update(hashlib.sha256((folder / name).read_bytes()).digest())
    return digest.hexdigest()


def _sparse(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value not in ("", (), [], {})}


def _item(line: str, where: str) -> Item:
    try:
        row = json.loads(line)
        for name, kind in (("events", Event), ("expect", Expect), ("forbid", Forbid)):
            row[name] = tuple(kind(**each) for each in row.get(name, ()))
        return Item(**row)
    except (ValueError, TypeError) as error:
        raise ConfigError(where, f"not an item: {error}") from None
