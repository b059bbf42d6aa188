"""The report as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table


def show(console: Console, report: Mapping[str, Any]) -> None:
    tested = report["set"]
    console.print(f"[bold]{report['name']}[/]  {tested['items']} items, {tested['split']}; {tested['known']}")
    console.print(f"[dim]{report['versions'].get('checkpoint', '')}[/]")
    table = Table("", "score", "95 %", "items", title="0 to 100")
    for row in ("lockstep", "realtime", "replay"):
        if report.get(row):
            found = report[row]
            table.add_row(f"[bold]{row}[/]", f"{found['score']:.1f}", _interval(found["ci95"]), str(found["items"]))
    for group, title in (
        ("blind_floors", "blind floor"),
        ("sighted_baselines", "sighted baseline"),
        ("controls", "control"),
    ):
        table.add_section()
        for name, value in report[group].items():
            table.add_row(f"{title}: {name}", f"{value:.1f}", _interval(report["intervals"][group][name]), "")
    console.print(table)
    console.print(f"false alarms {report['false_alarms_per_min']:.2f} a minute")
    if cluster := report["cluster"]:
        console.print(
            f"the cluster's own score: {cluster['difference']:+.1f} points lost to real time "
            f"(95 % {_interval(cluster['difference_ci95'])}); {100 * cluster['on_time_rate']:.2f} % on time, "
            f"{cluster['sessions_failed']} sessions failed, degradations {cluster['degradations'] or 'none'}"
        )
        latency = report["latency_ms"]
        console.print(
            f"cutoff to result p50 {latency['p50']:.0f} ms, p90 {latency['p90']:.0f}, p99 {latency['p99']:.0f}"
        )
    metrics = {name: value for name, value in report["metrics"].items() if name != "score"}
    if metrics:
        console.print("  ".join(f"{name} {value}" for name, value in metrics.items()))
    for part in report["missing"]:
        console.print(f"[yellow]not measured: {part}[/]")
    for reason in report["refused"]:
        console.print(f"[red]refused: {reason}[/]")


def show_text(console: Console, report: Mapping[str, Any]) -> None:
    """IFEval and BBH: the agent and, without it, the interaction model by text."""
    console.print(f"[bold]{report['name']}[/]  {report['set']['items']} prompts")
    table = Table("", "score", "95 %", "", title="0 to 100")
    for row, who in (("agent_on", report["agent"]), ("agent_off", report["versions"]["checkpoint"])):
        if found := report[row]:
            rest = {name: value for name, value in found.items() if name not in ("score", "ci95")}
            table.add_row(f"{row}: {who}", f"{found['score']:.1f}", _interval(found["ci95"]), str(rest))
    console.print(table)
    if chance := report.get("commonest_answer"):
        console.print(f"the commonest answer of each task would score {chance}")
    for part in report["missing"]:
        console.print(f"[yellow]not measured: {part}[/]")


def _interval(interval: tuple[float, float] | None) -> str:
    return f"{interval[0]:.1f} to {interval[1]:.1f}" if interval else "-"
