"""Which set is evaluated: found, read, hashed, and compared with what was committed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cluster.errors import ConfigError
from evals import hashes
from evals.items import MANIFEST, Item, read_set, set_hash

HOME = Path("build/evals")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalSet:
    """split: test, dev, or own for somebody's own set. known: how it compares with evals/hashes.json, in words."""

    name: str
    folder: Path
    items: tuple[Item, ...]
    sha256: str
    split: str
    known: str

    @property
    def spends_a_look(self) -> bool:
        return self.split == "test"


def open_set(name: str, folder: Path | None, split: str) -> EvalSet:
    """Raises ConfigError: no set there (with the command that makes it), or one that cannot be read."""
    where = folder or HOME / name / split
    if not (where / MANIFEST).exists():
        raise ConfigError(str(where), f"holds no set; make it: python -m evals.build {name} --split {split}")
    items = tuple(read_set(where))
    if not items:
        raise ConfigError(str(where / MANIFEST), "is empty; a set has at least one item")
    sha256 = set_hash(where)
    found = _split(name, items, sha256)
    return EvalSet(
        name=name,
        folder=where,
        items=items,
        sha256=sha256,
        split=found,
        known=hashes.compare(name, where) if found == "test" else f"a set of the {found} split, {sha256[:12]}",
    )


def _split(name: str, items: tuple[Item, ...], sha256: str) -> str:
    """As its items say. What was frozen is a test set, whatever they say."""
    if hashes.read().get(name, {}).get("sha256") == sha256:
        return "test"
    said = {item.tags.get("split", "own") for item in items}
    return "test" if "test" in said else said.pop() if len(said) == 1 else "own"
