"""What decides an answer, as one hash: the source of a module with all it imports of ours, files and facts beside."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

from cluster.voice import units

DECODERS = ("av", "numpy", "pillow", "soxr")  # what makes samples and pixels of files
OURS = ("actors", "cluster", "counterpoint", "evals")


def digest(module: str, files: Iterable[Path] = (), facts: Mapping[str, object] | None = None) -> str:
    """files: in any order; known by name and content."""
    known = {**(facts or {}), "decoders": [version(name) for name in DECODERS]}
    found = hashlib.sha256(json.dumps(known, sort_keys=True).encode())
    for name, path in sorted(sources(module).items()):
        found.update(name.encode() + hashlib.sha256(path.read_bytes()).digest())
    for path in sorted(files):
        found.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def sounds(voice: Path) -> list[Path]:
    """Of a voice: how long a word sounds decides when the next is heard."""
    return [voice / units.INDEX, voice / units.SOUND]


def sources(module: str) -> dict[str, Path]:
    """The file of a module and of each that it imports, by name, those that are imported inside functions included."""
    found: dict[str, Path] = {}
    left = [module]
    while left:
        name = left.pop()
        path = _file(name)
        if path is None or name in found:
            continue
        found[name] = path
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                left += [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:  # relative imports are none of this house's
                left += [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
    return found


def _file(module: str) -> Path | None:
    """None where that is no module of ours."""
    top, *below = module.split(".")
    spec = importlib.util.find_spec(top) if top in OURS else None
    for home in map(Path, (spec.submodule_search_locations or ()) if spec else ()):
        place = home.joinpath(*below)
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if path.is_file():
                return path
    return None
