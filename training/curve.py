"""The training log thinned to a curve that can be kept beside the weights."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path


def write_curve(log: Path, curve: Path, every_minutes: float = 1.0) -> None:
    """Means over `every_minutes` of training time, one JSON object a line."""
    bins: dict[int, list[dict[str, float]]] = defaultdict(list)
    for line in log.read_text().splitlines():
        row = json.loads(line)
        bins[int(row["minutes"] / every_minutes)].append(row)
    curve.write_text("".join(json.dumps(_mean(rows)) + "\n" for _, rows in sorted(bins.items())))


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for row in rows for name in row)
    values = {name: [row[name] for row in rows if name in row] for name in names}
    means = {name: round(sum(each) / len(each), 4) for name, each in values.items()}
    return means | {"step": rows[-1]["step"], "minutes": rows[-1]["minutes"]}
