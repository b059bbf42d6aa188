"""The files that a report leaves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evals.harness.lockstep import Listened
from evals.harness.page import page
from evals.harness.report import Findings
from evals.items import Item


def write(out: Path, items: Sequence[Item], heard: Sequence[Listened], found: Findings, report: dict[str, Any]) -> None:
    """NAME.json, NAME.html and NAME.items.jsonl. heard: of each item, in their order."""
    name = report["name"]
    (out / f"{name}.json").write_text(json.dumps(report, indent=2) + "\n")
    live_ms = [ms for each in found.live for ms in each.latency_ms]
    errors_s = [error for outcome in (found.realtime or found.lockstep).outcomes for error in outcome.errors_s]
    (out / f"{name}.html").write_text(page(report, live_ms, errors_s))
    _write_items(out / f"{name}.items.jsonl", items, heard, found)


def _write_items(path: Path, items: Sequence[Item], heard: Sequence[Listened], found: Findings) -> None:
    """One item a line: what was due, what was said, how it was judged, for whoever wants to know why."""
    live = {each.id: each for each in found.live}
    judged = {each.id: each for each in found.lockstep.everything}
    judged_live = {each.id: each for each in found.realtime.everything} if found.realtime else {}
    with path.open("w") as file:
        for item, each in zip(items, heard, strict=True):
            row: dict[str, Any] = {
                "id": item.id,
                "tags": dict(item.tags),
                "expect": [asdict(due) for due in item.expect],
                "lockstep": {"score": judged[item.id].score, "said": [asdict(said) for said in each.said]},
            }
            if item.id in live:
                row["realtime"] = {
                    "score": judged_live[item.id].score,
                    "said": [asdict(said) for said in live[item.id].said],
                    "failed": live[item.id].failed,
                    "timing": dict(live[item.id].timing),
                }
            file.write(json.dumps(row) + "\n")
