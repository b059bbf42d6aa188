"""Every look at a test score is one less: `evals/looks.jsonl`, at most three for each set.

A set is known by its name and by its hash: built again with other samples it is still the same test.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cluster.errors import ConfigError

PATH = Path(__file__).parents[1] / "looks.jsonl"
LOOKS_MAX = 3


def taken(name: str, set_sha256: str, path: Path = PATH) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [row for row in rows if row["name"] == name or row["set"] == set_sha256]


def check(name: str, set_sha256: str, path: Path = PATH) -> None:
    """Raises ConfigError where the looks at this set are used up."""
    if len(looks := taken(name, set_sha256, path)) >= LOOKS_MAX:
        dates = ", ".join(row["date"] for row in looks)
        raise ConfigError(
            f"{name}.test", f"was looked at {len(looks)} times ({dates}) and may not be again; use --split dev"
        )


def log(
    name: str, set_sha256: str, checkpoint_sha256: str, scores: Mapping[str, float], date: str, path: Path = PATH
) -> None:
    """Write the look down before anybody sees it."""
    row = {"date": date, "name": name, "set": set_sha256, "checkpoint": checkpoint_sha256, "scores": dict(scores)}
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")
