"""The report as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from evals.dialogue.onset import PARTS
from evals.harness import wording

_REACHED = {True: "[green]reached[/]", False: "[red]not reached[/]", None: "not measured"}


def show(console: Console, report: Mapping[str, Any]) -> None:
    tested = report["set"]
    console.print(f"[bold]{report['name']}[/]  {tested['items']} items, {tested['split']}; {tested['known']}")
    console.print(f"[dim]{report['versions'].get('checkpoint', '')}; {wording.machine(report)}[/]")
    console.print(_scores(report))
    console.print(_measures(report["measures"]))
    console.print(_goals(report["goals"]), wording.goals(report["goals"]))
    if report["answer_onset"]:
        console.print(_onset(report["answer_onset"]))
    _recorded(console, report["recorded"])
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
    if busy := wording.busy(report):
        console.print(f"[yellow]busy machine: {busy}[/]")
    for part in report["missing"]:
        console.print(f"[yellow]not measured: {part}[/]")
    for reason in report["refused"]:
        console.print(f"[red]refused: {reason}[/]")


def _scores(report: Mapping[str, Any]) -> Table:
    table = Table("", "score", "95 %", "items", title="0 to 100")
    busy = " (busy machine)" if wording.busy(report) else ""
    for row in ("lockstep", "realtime", "replay"):
        if report.get(row):
            found, note = report[row], busy if row == "realtime" else ""
            table.add_row(
                f"[bold]{row}[/]{note}", f"{found['score']:.1f}", _interval(found["ci95"]), str(found["items"])
            )
    for group, title in (
        ("blind_floors", "blind floor"),
        ("sighted_baselines", "sighted baseline"),
        ("controls", "control"),
    ):
        table.add_section()
        for name, value in report[group].items():
            table.add_row(f"{title}: {name}", f"{value:.1f}", _interval(report["intervals"][group][name]), "")
    return table


def _measures(measures: Mapping[str, Any]) -> Table:
    metrics = dict.fromkeys(metric for _, _, told in wording.ways(measures) for metric in told)
    table = Table("", *(wording.LABELS[metric] for metric in metrics), title="what goals are about, 95 %")
    for name, _, told in wording.ways(measures):
        table.add_row(name, *(_figure(metric, told[metric]) if metric in told else "-" for metric in metrics))
    return table


def _goals(goals: Mapping[str, Any]) -> Table:
    table = Table("", "wanted", "measured", "", title="goals")
    for row in goals["rows"]:
        against = f" ({wording.rival(row)})" if wording.rival(row) else ""
        table.add_row(row["what"] + against, wording.wanted(row), _figure(row["metric"], row), _REACHED[row["reached"]])
    return table


def _onset(ways: Mapping[str, Any]) -> Table:
    """Means add up by themselves, medians with what they leave over."""
    kinds = ("median", "mean")
    heads = [f"{wording.WAYS[way]}, {kind}" for way in ways for kind in kinds]
    table = Table("", *heads, title="from the end of a question to its answer, ms")
    for part, text in PARTS.items():
        table.add_row(text, *(f"{round(found['parts_ms'][part][kind])}" for found in ways.values() for kind in kinds))
    left = [each for found in ways.values() for each in (f"{round(found['left_over_ms'])}", "")]
    table.add_row("what medians leave over", *left, end_section=True)
    table.add_row("onset", *(f"{round(found['onset_ms'][kind])}" for found in ways.values() for kind in kinds))
    return table


def _figure(metric: str, figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return "-"
    around = wording.interval(metric, figure["ci95"])
    return wording.number(metric, figure["value"]) + (f" ({around})" if around else "")


def _recorded(console: Console, recorded: Mapping[str, Any]) -> None:
    console.print(f"recorded people: {recorded['says']}")
    for way in ("lockstep", "realtime", "cascade", "best_blind_floor"):
        if found := recorded[way]:
            name = f"{way.replace('_', ' ')} {found.get('name', '')}".rstrip()
            console.print(f"  {name}: {found['score']:.1f} ({_interval(found['ci95'])}), {found['items']} items")


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
