"""Draws a dashboard as Grafana would lay it out, from a real Prometheus: for the docs, where no Grafana runs."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from observability.prometheus import Prometheus

INCH_PER_COLUMN, INCH_PER_ROW, DPI = 0.55, 0.33, 70
UNITS = {
    "s": (1e3, "ms"),
    "percentunit": (100.0, "%"),
    "bytes": (1e-6, "MB"),
    "Bps": (1e-3, "kB/s"),
    "ops": (1.0, "/s"),
    "dtdurations": (1 / 60, "min"),
}
INTERVAL = "$__rate_interval"


def draw(board: Path, served: Prometheus, out: Path, *, start: float, end: float, window: str, note: str) -> None:
    """board: its JSON. start, end: Unix times. window: stands for Grafana's rate interval. note: what was
    done meanwhile. Writes a PNG."""
    model = json.loads(board.read_text())
    panels = [panel for panel in model["panels"] if panel["type"] != "row"]
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    figure = plt.figure(figsize=(24 * INCH_PER_COLUMN, (height + 2) * INCH_PER_ROW), dpi=DPI)
    figure.text(0.01, 1 - 1 / (height + 2), model["title"], fontsize=14, weight="bold")
    figure.text(0.99, 1 - 1 / (height + 2), note, fontsize=8, color="grey", ha="right")
    for panel in model["panels"]:
        place = panel["gridPos"]
        top = 1 - (place["y"] + 2) / (height + 2)
        if panel["type"] == "row":
            figure.text(0.01, top - 0.8 / (height + 2), panel["title"], fontsize=11, color="#1f60c4")
            continue
        bottom = top - (place["h"] - 1.6) / (height + 2)
        axes = figure.add_axes(
            (place["x"] / 24 + 0.045, bottom, place["w"] / 24 - 0.06, (place["h"] - 2.8) / (height + 2))
        )
        found = [
            (target["legendFormat"], series)
            for target in panel["targets"]
            for series in served.ask_range(
                target["expr"].replace(INTERVAL, window), start=start, end=end, step=max(1.0, (end - start) / 240)
            )
        ]
        _panel(axes, panel, found)
    figure.savefig(out, pil_kwargs={"optimize": True})
    plt.close(figure)


def _panel(axes: Axes, panel: dict[str, Any], found: list[tuple[str, dict[str, Any]]]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    scale, unit = UNITS.get(defaults["unit"], (1.0, ""))
    axes.set_title(f"{panel['title']}{f' ({unit})' if unit else ''}", fontsize=8, loc="left")
    axes.tick_params(labelsize=6)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if not found:
        axes.text(0.5, 0.5, "nothing", transform=axes.transAxes, ha="center", fontsize=8, color="grey")
        axes.set_xticks([])
        return
    lines = [(_legend(legend, series["metric"]), _points(series, scale)) for legend, series in found]
    if panel["type"] == "stat":
        axes.set_axis_off()
        axes.text(0.5, 0.4, f"{lines[0][1][1][-1]:.2f} {unit}", transform=axes.transAxes, ha="center", fontsize=26)
        return
    if defaults["custom"]["stacking"]["mode"] == "normal":
        lines = [line for line in lines if any(line[1][1])] or [("none", lines[0][1])]
        at = sorted({t for _, (ts, _) in lines for t in ts})
        held = [dict(zip(ts, values, strict=True)) for _, (ts, values) in lines]
        axes.stackplot(
            at, [[values.get(t, 0.0) for t in at] for values in held], labels=[name for name, _ in lines], alpha=0.6
        )
    else:
        for name, (ts, values) in lines:
            axes.plot(ts, values, label=name, linewidth=1, clip_on=False)  # a line of zeros lies on the axis
    values = [value for _, (_, values) in lines for value in values]
    if min(values) >= 0:  # what never rose is a line at the bottom, not a band around 0
        axes.set_ylim(bottom=0, top=None if max(values) else 1)
    for step in defaults["thresholds"]["steps"]:
        if step["value"] is not None:
            axes.axhline(step["value"] * scale, color="red", linewidth=0.7, linestyle="--")
    axes.legend(fontsize=6, frameon=False, ncols=6, loc="upper left", bbox_to_anchor=(-0.02, -0.1), columnspacing=1)
    axes.xaxis.set_major_formatter(lambda value, _: datetime.fromtimestamp(value, UTC).strftime("%M:%S"))


def _points(series: dict[str, Any], scale: float) -> tuple[list[float], list[float]]:
    pairs = [(float(t), float(value) * scale) for t, value in series["values"]]
    return [t for t, _ in pairs], [value for _, value in pairs]


def _legend(template: str, labels: dict[str, str]) -> str:
    if template == "__auto":
        return ""
    return re.sub(r"\{\{(\w+)\}\}", lambda label: labels.get(label[1], ""), template)
