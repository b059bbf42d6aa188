"""Plots of a report as plain SVG, to stand inside a page. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 720
_LABEL, _VALUE, _ROW = 250, 118, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """value, low, high: 0 to 100. kind: a class of the style sheet. note: small print after the value."""

    label: str
    value: float
    kind: str
    low: float | None = None
    high: float | None = None
    note: str = ""


def bars(rows: Sequence[Bar], rule: float | None = None) -> str:
    """Horizontal bars with their intervals. rule: a value to be compared with."""
    if not rows:
        return ""
    height, room = _ROW * len(rows) + 26, WIDTH - _LABEL - _VALUE

    def x(value: float) -> float:
        return _LABEL + room * max(0.0, min(100.0, value)) / 100

    parts = [_grid(x(value), f"{value}", 0, height - 20) for value in (0, 25, 50, 75, 100)]
    if rule is not None:
        parts.append(f'<line class="rule" x1="{x(rule):.1f}" x2="{x(rule):.1f}" y1="0" y2="{height - 20}"/>')
    for index, row in enumerate(rows):
        top, middle = _ROW * index + 3, _ROW * index + _ROW / 2
        parts.append(f'<text class="label" x="{_LABEL - 10}" y="{middle + 4:.1f}">{escape(row.label)}</text>')
        length = max(1.5, x(row.value) - _LABEL)
        parts.append(
            f'<rect class="{row.kind}" x="{_LABEL}" y="{top}" width="{length:.1f}" height="{_ROW - 6}" rx="3"/>'
        )
        if row.low is not None and row.high is not None:
            parts.append(_whisker(x(row.low), x(row.high), middle))
        end = max(x(row.value), x(row.high) if row.high is not None else 0.0)
        parts.append(
            f'<text class="value" x="{end + 8:.1f}" y="{middle + 4:.1f}">{row.value:.1f}'
            f'<tspan class="note"> {escape(row.note)}</tspan></text>'
        )
    return _svg(height, parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """kind: a class of the style sheet."""

    ms: float
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """value: what the segments should come to; it is written after them."""

    label: str
    value: float
    segments: Sequence[Segment]


def stacks(rows: Sequence[Stack], *, rule: float, rule_text: str) -> str:
    """Horizontal bars of parts, in milliseconds. What is negative has no length. rule: a limit."""
    lengths = [sum(max(0.0, part.ms) for part in row.segments) for row in rows]
    most = max([rule, *lengths]) * 1.05
    height, room = _ROW * len(rows) + 40, WIDTH - _LABEL - _VALUE

    def x(ms: float) -> float:
        return _LABEL + room * ms / most

    parts = [_grid(x(tick), f"{tick:g} ms", 14, height - 20) for tick in _ticks(0, most)]
    for index, row in enumerate(rows):
        top, at = _ROW * index + 18, 0.0
        parts.append(f'<text class="label" x="{_LABEL - 10}" y="{top + 13}">{escape(row.label)}</text>')
        for part in row.segments:
            wide = max(0.0, part.ms)
            place = f'x="{x(at):.1f}" y="{top}" width="{x(wide) - x(0):.1f}" height="{_ROW - 6}"'
            parts.append(f'<rect class="{part.kind}" {place}/>')
            at += wide
        end = max(at, rule if at > 0.85 * rule else 0.0)
        parts.append(f'<text class="value" x="{x(end) + 8:.1f}" y="{top + 13}">{row.value:.0f} ms</text>')
    parts.append(f'<line class="rule" x1="{x(rule):.1f}" x2="{x(rule):.1f}" y1="14" y2="{height - 20}"/>')
    parts.append(f'<text class="tick" x="{x(rule):.1f}" y="10">{escape(rule_text)}</text>')
    return _svg(height, parts)


def histogram(values: Sequence[float], *, unit: str, rule: float | None, rule_text: str, bins: int = 48) -> str:
    """rule: where a limit lies. Values beyond the 99.5th percentile stand in the last bin."""
    if not values:
        return ""
    ordered = sorted(values)
    low = min(0.0, ordered[int(0.005 * len(ordered))])
    high = max(ordered[min(len(ordered) - 1, int(0.995 * len(ordered)))], rule or 0.0) * 1.02 or 1.0
    counts = [0] * bins
    for value in values:
        counts[max(0, min(bins - 1, int((value - low) / (high - low) * bins)))] += 1
    height, base, left, room = 190, 160, 20, WIDTH - 40
    most = max(counts)

    def x(value: float) -> float:
        return left + room * (value - low) / (high - low)

    parts = [_grid(x(tick), f"{tick:g} {unit}", 6, base) for tick in _ticks(low, high)]
    for index, count in enumerate(counts):
        if count:
            tall = (base - 14) * count / most
            at = left + room * index / bins
            parts.append(
                f'<rect class="model" x="{at:.1f}" y="{base - tall:.1f}" width="{room / bins - 1:.1f}" '
                f'height="{tall:.1f}"/>'
            )
    if rule is not None:
        parts.append(f'<line class="rule" x1="{x(rule):.1f}" x2="{x(rule):.1f}" y1="4" y2="{base}"/>')
        parts.append(f'<text class="note" x="{x(rule) + 5:.1f}" y="14">{escape(rule_text)}</text>')
    return _svg(height, parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    x: float
    y: float
    size: int


def dots(points: Sequence[Dot], *, x_unit: str, y_text: str, limit: str = "") -> str:
    """Points over x; area by how many items stand behind one. limit: draws max(0.4, 5 % of x) under this name."""
    if not points:
        return ""
    height, base, left, room = 240, 205, 50, WIDTH - 80
    x_max = max(point.x for point in points) * 1.05
    y_max = max([0.5, *(point.y for point in points)]) * 1.1

    def x(value: float) -> float:
        return left + room * value / x_max

    def y(value: float) -> float:
        return base - (base - 12) * value / y_max

    parts = [_grid(x(tick), f"{tick:g} {x_unit}", 6, base) for tick in _ticks(0, x_max)]
    for tick in _ticks(0, y_max):
        parts.append(f'<line class="grid" x1="{left}" x2="{left + room}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        parts.append(f'<text class="tick end" x="{left - 8}" y="{y(tick) + 4:.1f}">{tick:g}</text>')
    if limit:
        path = " ".join(f"{x(v):.1f},{y(min(y_max, max(0.4, 0.05 * v))):.1f}" for v in _ticks(0, x_max, 40))
        parts.append(f'<polyline class="rule" points="{path}"/>')
        parts.append(f'<text class="note" x="{left + 8}" y="{y(min(y_max, 0.4)) - 6:.1f}">{escape(limit)}</text>')
    for point in points:
        radius = 3 + 1.2 * math.sqrt(point.size)
        parts.append(f'<circle class="dot" cx="{x(point.x):.1f}" cy="{y(point.y):.1f}" r="{radius:.1f}"/>')
    parts.append(f'<text class="note" x="{left}" y="{height - 4}">{escape(y_text)}</text>')
    return _svg(height, parts)


def _ticks(low: float, high: float, wanted: int = 6) -> list[float]:
    step = 10 ** math.floor(math.log10((high - low) / wanted))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= wanted)
    first = math.ceil(low / step)
    return [round(step * index, 9) for index in range(first, math.floor(high / step) + 1)]


def _whisker(low: float, high: float, y: float) -> str:
    return f'<path class="whisker" d="M{low:.1f} {y - 4:.1f}v8M{low:.1f} {y:.1f}H{high:.1f}M{high:.1f} {y - 4:.1f}v8"/>'


def _grid(x: float, text: str, top: float, bottom: float) -> str:
    return (
        f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>'
        f'<text class="tick" x="{x:.1f}" y="{bottom + 15}">{escape(text)}</text>'
    )


def _svg(height: float, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img">{"".join(parts)}</svg>'
