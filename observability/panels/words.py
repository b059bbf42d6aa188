"""The words dashboards are written in: panels below questions, and the queries that most of them are."""

from __future__ import annotations

from dataclasses import dataclass

W = "$__rate_interval"
SCHEDULER, ENGINE, EXPERT = '{role="scheduler"}', '{role="engine"}', '{role="expert"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """queries: legend to expression. kind: timeseries or stat. bound: a line that should not be crossed."""

    title: str
    queries: dict[str, str]
    unit: str = "short"
    kind: str = "timeseries"
    says: str = ""
    bound: float | None = None
    stacked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    question: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    uid: str
    title: str
    rows: tuple[Row, ...]


def rate(metric: str, by: str = "", where: str = "") -> str:
    return f"sum{f' by ({by})' if by else ''} (rate({metric}{where}[{W}]))"


def quantile(q: float, metric: str, where: str = "", by: str = "") -> str:
    return f"histogram_quantile({q}, {rate(f'{metric}_bucket', f'{by}, le' if by else 'le', where)})"


def quantiles(metric: str, where: str = "") -> dict[str, str]:
    return {name: quantile(q, metric, where) for name, q in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999))}
