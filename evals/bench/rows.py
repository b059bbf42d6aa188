"""Rows of out/bench.json and the table a person reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from rich.table import Table

NAMES = ("p50", "p90", "p99", "max")
COLUMNS = ("what", "sessions", *NAMES, "on time", "longest miss", "speaking", "rejected", "failed", "CPU s")


def percentiles(values: Sequence[float]) -> dict[str, float | None]:
    """p50, p90, p99 and max in the unit given; None where nothing was measured."""
    if not len(values):
        return dict.fromkeys(NAMES)
    found = (*np.percentile(values, [50, 90, 99]), max(values))
    return {name: round(float(value), 2) for name, value in zip(NAMES, found, strict=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """stolen: the share of the machine's time that its host took meanwhile. alone: of micro-turns that it left alone,
    so that on time is told of them; both None where nobody looked.
    """

    what: str
    sessions: int
    runs: int = 1
    speaking_share: float | None = None
    on_time_rate: float | None = None
    latency_ms: dict[str, float | None]
    longest_miss_run: int | None = None
    cpu_s_per_actor: dict[str, float] = field(default_factory=dict)
    rss_mb_per_actor: dict[str, float] = field(default_factory=dict)
    rejected: int = 0
    failed: int = 0
    seconds: float = 0.0
    stolen: float | None = None
    attempts: int = 1
    alone: float | None = None
    extra: dict[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        plain = asdict(self)
        return {**plain.pop("extra"), **plain}


def table(rows: Iterable[Row]) -> Table:
    """One line a row; latency is cutoff to result at the client, or the round trip for an echo."""
    shown = Table(title="milliseconds; rejected and failed sessions count all their micro-turns as missed")
    for name in COLUMNS:
        shown.add_column(name, justify="left" if name == "what" else "right")
    for row in rows:
        latency = [("-" if value is None else f"{value:.1f}") for value in row.latency_ms.values()]
        shown.add_row(
            row.what,
            str(row.sessions),
            *latency,
            "-" if row.on_time_rate is None else f"{100 * row.on_time_rate:.2f} %",
            "-" if row.longest_miss_run is None else str(row.longest_miss_run),
            "-" if row.speaking_share is None else f"{100 * row.speaking_share:.0f} %",
            str(row.rejected),
            str(row.failed),
            f"{sum(row.cpu_s_per_actor.values()):.1f}",
        )
    return shown
