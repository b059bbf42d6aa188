"""Answers that cost minutes are written as they come, so that a run that was interrupted is gone on with.

No scores: whoever answered, what a set makes of it is known when its report is written and not before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HOME = Path("build/evals/kept")


class Kept:
    """One line of JSON for each item, in a file of its own for whatever decides the answers (`evals.decides`)."""

    def __init__(self, path: Path) -> None:
        """Reads what is there. A line that was torn is as if its item had never been begun."""
        self._path = path
        self.rows: dict[str, dict[str, Any]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        whole, _, torn = path.read_bytes().rpartition(b"\n") if path.exists() else (b"", b"", b"")
        if torn:
            path.write_bytes(whole + b"\n" if whole else b"")
        for row in map(json.loads, whole.splitlines()):
            self.rows[row["id"]] = row

    def add(self, row: Mapping[str, Any]) -> None:
        """row: has the item's `id`."""
        self.rows[row["id"]] = dict(row)
        with self._path.open("a") as file:
            file.write(json.dumps(row) + "\n")
