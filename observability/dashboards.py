"""Writes dashboards/*.json from panels/. `python -m observability.dashboards` writes, `--check` only compares."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

from observability.panels import DASHBOARDS
from observability.panels.words import Dashboard, Panel

FOLDER = Path(__file__).parent / "dashboards"
COLUMNS, HEIGHT = 24, 7
AT_MOST = 3  # panels side by side
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
RED, GREEN = "red", "green"


def grafana(board: Dashboard) -> dict[str, Any]:
    """The model that Grafana 10 and later import. Rows are 24 columns wide; panels share them evenly."""
    panels: list[dict[str, Any]] = []
    y = 0
    for row in board.rows:
        panels.append(_header(row.question, len(panels) + 1, y))
        y += 1
        lines = math.ceil(len(row.panels) / AT_MOST)
        each = math.ceil(len(row.panels) / lines)
        for start in range(0, len(row.panels), each):
            line = row.panels[start : start + each]
            width = COLUMNS // len(line)
            for column, panel in enumerate(line):
                place = {"x": column * width, "y": y, "w": width, "h": HEIGHT}
                panels.append(_panel(panel, len(panels) + 1, place))
            y += HEIGHT
    return {
        "uid": board.uid,
        "title": board.title,
        "tags": ["counterpoint"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "refresh": "10s",
        "time": {"from": "now-30m", "to": "now"},
        "timezone": "browser",
        "graphTooltip": 1,
        "links": [{"type": "dashboards", "tags": ["counterpoint"], "title": "Counterpoint", "keepTime": True}],
        "templating": {
            "list": [{"name": "datasource", "label": "Source", "type": "datasource", "query": "prometheus"}]
        },
        "panels": panels,
    }


def _header(question: str, number: int, y: int) -> dict[str, Any]:
    place = {"x": 0, "y": y, "w": COLUMNS, "h": 1}
    return {"id": number, "type": "row", "title": question, "collapsed": False, "gridPos": place, "panels": []}


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": GREEN, "value": None}]
    if panel.bound is not None:
        steps.append({"color": RED, "value": panel.bound})
    custom: dict[str, Any] = {
        "lineWidth": 1,
        "fillOpacity": 20 if panel.stacked else 0,
        "stacking": {"mode": "normal" if panel.stacked else "none"},
        "thresholdsStyle": {"mode": "off" if panel.bound is None else "line"},
    }
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.says,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "thresholds": {"mode": "absolute", "steps": steps},
                **({"custom": custom} if panel.kind == "timeseries" else {}),
            },
            "overrides": [],
        },
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}} if panel.kind == "timeseries" else {},
        "targets": [
            {"refId": chr(ord("A") + i), "datasource": SOURCE, "expr": expression, "legendFormat": legend or "__auto"}
            for i, (legend, expression) in enumerate(panel.queries.items())
        ],
    }


def written() -> dict[Path, str]:
    """Path and text of every dashboard."""
    return {
        FOLDER / f"{board.uid.removeprefix('counterpoint-')}.json": json.dumps(grafana(board), indent=2) + "\n"
        for board in DASHBOARDS
    }


def main() -> int:
    stale = [path for path, text in written().items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path}: differs from panels/; run python -m observability.dashboards", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.write_text(written()[path])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
