"""Which set is evaluated: found, read, hashed, and compared with what was committed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cluster.errors import ConfigError
from evals import hashes
from evals.items import MANIFEST, Item, hash_of, manifest, read_set, set_hash
from evals.readers import read

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


def open_set(name: str, folder: Path | None, split: str, published: str = "") -> EvalSet:
    """published: the format in which somebody's own copy of a set lies in `folder` (`evals.readers`).

    Raises ConfigError: no set there (with the command that makes it), or one that cannot be read.
    """
    if published:
        return _published(name, folder, published)
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


def _published(name: str, folder: Path | None, published: str) -> EvalSet:
    if folder is None:
        raise ConfigError("--set", f"names the folder with your copy of {published}; none is bundled")
    items = tuple(read(published, folder))
    sha256 = hash_of(manifest(items).encode(), items, folder)
    known = f"your copy of {published}, {sha256[:12]}"
    return EvalSet(name=name, folder=folder, items=items, sha256=sha256, split="own", known=known)


def _split(name: str, items: tuple[Item, ...], sha256: str) -> str:
    """As its items say. What was frozen is a test set, whatever they say."""
    if hashes.read().get(name, {}).get("sha256") == sha256:
        return "test"
    said = {item.tags.get("split", "own") for item in items}
    return "test" if "test" in said else said.pop() if len(said) == 1 else "own"
