"""What goals are about, as parts of the page: reached or not, every way of answering by the same figures, where the
time until an answer goes, and recorded people. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from evals.dialogue.onset import PARTS
from evals.harness import wording
from evals.harness.plots import Segment, Stack, stacks
from evals.harness.wording import LABELS, WAYS

ONSET_GOAL_MS = 400.0
_SAYS = {True: ("yes", "reached"), False: ("no", "not reached"), None: ("open", "not measured")}
_COLOURS = dict(zip(PARTS, ("control", "blind", "due", "model", "late", "sighted"), strict=True))


def goals_table(goals: Mapping[str, Any]) -> str:
    rows = []
    for row in goals["rows"]:
        kind, says = _SAYS[row["reached"]]
        name = escape(row["what"]) + _small(wording.rival(row))
        chip = f'<b class="chip {kind}">{says}</b>'
        rows.append((name, escape(wording.wanted(row)), _cell(row["metric"], row), chip))
    return table(("", "wanted", "measured", ""), rows)


def measures_table(measures: Mapping[str, Any]) -> str:
    """One row a way of answering; a figure it gives nothing to measure for is a dash."""
    ways = list(wording.ways(measures))
    metrics = dict.fromkeys(metric for _, _, told in ways for metric in told)
    rows = [
        (
            f'<i class="{kind}"></i>{escape(name)}',
            *(_cell(metric, told[metric]) if metric in told else "-" for metric in metrics),
        )
        for name, kind, told in ways
    ]
    return table(("", *(LABELS[metric] for metric in metrics)), rows, "wide")


def onset(told: Mapping[str, Any]) -> str:
    """A bar of medians for each way, and the numbers: means add up by themselves, medians with what is left over."""
    if not told:
        return ""
    bars = [
        Stack(
            label=f"{WAYS[way]}, {found['items']} answers",
            value=found["onset_ms"]["median"],
            segments=[Segment(ms=found["parts_ms"][part]["median"], kind=_COLOURS[part]) for part in PARTS],
        )
        for way, found in told.items()
    ]

    def row(name: str, of: Callable[[Mapping[str, Any]], Mapping[str, float]]) -> tuple[str, ...]:
        found = [of(each).get(kind) for each in told.values() for kind in ("median", "mean")]
        return (name, *("" if value is None else f"{round(value)}" for value in found))

    rows = [row(escape(text), lambda found, part=part: found["parts_ms"][part]) for part, text in PARTS.items()]
    rows.append(row("what medians leave over", lambda found: {"median": found["left_over_ms"]}))
    rows.append(row("<b>onset after the end of the question</b>", lambda found: found["onset_ms"]))
    key = "".join(f'<span><i class="{_COLOURS[part]}"></i>{escape(text)}</span>' for part, text in PARTS.items())
    head = ("milliseconds", *(f"{WAYS[way]}, {kind}" for way in told for kind in ("median", "mean")))
    return f'<div class="key">{key}</div>' + stacks(bars, rule=ONSET_GOAL_MS, rule_text="wanted") + table(head, rows)


def people(recorded: Mapping[str, Any]) -> str:
    rows = [
        (name, _cell("score", {"value": found["score"], "ci95": found["ci95"]}), f"{found['items']} items")
        for way, name in (*WAYS.items(), ("cascade", "the cascade"), ("best_blind_floor", "its best blind floor"))
        if (found := recorded.get(way))
    ]
    return f"<p>{escape(recorded['says'])}</p>" + (table(("", "score", ""), rows) if rows else "")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    """Cells are HTML."""
    top = "".join(f"<th>{escape(each)}</th>" for each in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table class="grid {kind}"><tr>{top}</tr>{body}</table></div>'


def _cell(metric: str, figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return "-"
    return wording.number(metric, figure["value"]) + _small(wording.interval(metric, figure["ci95"]))


def _small(text: str) -> str:
    return f"<small>{escape(text)}</small>" if text else ""
