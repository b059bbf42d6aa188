"""What a report's figures are called and how they are written, on the page and in a terminal alike. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evals.harness.refusal import CASCADE
from evals.harness.scoring import ALARMS

WAYS = {"lockstep": "virtual clock", "realtime": "real time", "replay": "its delays replayed"}
LABELS = {
    "score": "score",
    "answer_onset_ms p50": "answer onset, ms",
    "stop_ms p50": "stop, ms",
    "stopped within 1 s": "stopped in 1 s, %",
    "backchannels ignored": "back-channels ignored, %",
    "turns taken": "turns taken, %",
    "held the floor": "held the floor, %",
    "live_f1": "live F1",
    "off_by_one": "off by one, %",
    "miou_strict": "mIoU",
    ALARMS: "alarms a minute",
}
_SIGNS = {">=": "≥", "<=": "≤", ">": ">"}
_GROUPS = {"sighted_baselines": "sighted", "blind_floors": "blind", "controls": "control"}


def number(metric: str, value: float, decimals: int = 1) -> str:
    """decimals: of what is neither milliseconds nor alarms."""
    return f"{value:.{0 if '_ms' in metric else 2 if metric == ALARMS else decimals}f}"


def interval(metric: str, edges: tuple[float, float] | None) -> str:
    return "–".join(number(metric, edge, 0) for edge in edges) if edges else ""


def wanted(row: Mapping[str, Any]) -> str:
    """Of a row of `goals`."""
    if row["wanted"] is None:
        return "-"
    return f"{_SIGNS[row['sign']]} {number(row['metric'], row['wanted'])} {row['unit']}".rstrip()


def rival(row: Mapping[str, Any]) -> str:
    """Whom a goal is about, and by how much more than enough the model has."""
    if not row.get("rival"):
        return ""
    low, high = row["ahead_ci95"]
    return f"{row['rival'].replace('_', ' ')}; ahead by {row['ahead']:+.1f} ({low:+.1f} to {high:+.1f})"


def goals(block: Mapping[str, Any]) -> str:
    """How many are reached, and what the figures behind them are not."""
    reached = f"{block['reached']} of {block['wanted']} reached, by value; intervals of 95 % beside."
    if not block["short_of"]:
        return reached
    return f"{reached} A goal is of the test set in real time; these figures are {'; '.join(block['short_of'])}."


def ways(measures: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(name, kind, figures) of every way of answering."""
    for way, name in WAYS.items():
        if way in measures:
            yield f"the model, {name}", "model" if way == "lockstep" else "cluster", measures[way]
    if CASCADE in measures["controls"]:
        yield "the cascade", CASCADE, measures["controls"][CASCADE]
    for group, kind in _GROUPS.items():
        for name, told in measures[group].items():
            if name != CASCADE:
                yield name.replace("_", " "), kind, told


def busy(report: Mapping[str, Any]) -> str:
    """What a run beside others is worth; nothing where it had the machine to itself."""
    cluster = report["cluster"]
    if not cluster or cluster["quiet"] is not False:
        return ""
    used, cores = cluster["others_cores"], report["versions"]["cores"]
    return f"Others kept {used:g} of {cores} cores busy while real time ran: what it shows is pessimistic."


def machine(report: Mapping[str, Any]) -> str:
    """What the figures were measured on."""
    versions = report["versions"]
    dtypes = ", ".join(f"{WAYS[way]} {dtype}" for way, dtype in versions["dtype"].items())
    parts = [f"weights: {dtypes}"] if dtypes else []
    if "cpu" in versions:
        parts.append(f"{versions['cpu']}, {versions['cores']} cores, load {versions['load_at_start']:g} before the run")
    if report["cluster"] and report["cluster"]["others_cores"] is not None:
        parts.append(f"beside real time others had {report['cluster']['others_cores']:g} cores")
    return "; ".join(parts)
