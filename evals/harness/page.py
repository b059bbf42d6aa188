"""The report as one HTML page that needs nothing else. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from evals.harness import wording
from evals.harness.page_goals import goals_table, measures_table, onset, people
from evals.harness.plots import Bar, Dot, bars, dots, histogram
from evals.harness.refusal import CASCADE

CSS = Path(__file__).with_name("page.css")
TITLES = {
    "timespeak": "TimeSpeak-style: what is asked for, at the time it is asked for",
    "cuespeak": "CueSpeak-style: at the cue, while somebody goes on talking",
    "dialogue": "Dialogue: answer, yield, go on, keep out",
    "repcount": "RepCount-style: counting out loud, live",
    "charades": "Charades-style: start and stop of an action",
    "proactivevideoqa": "ProactiveVideoQA-style: when something appears",
}
_MEASURES = "What goals are about, with 95 % intervals; a dash where there was nothing to measure."
_ONSET = "From the end of the question to the first word heard. Bars are of medians; the dashed line is what is wanted."
_KINDS = (
    ("model", "the model"),
    ("cascade", "cascade"),
    ("sighted", "sighted baseline"),
    ("blind", "blind floor"),
    ("control", "control"),
)


def page(report: Mapping[str, Any], latencies_ms: Sequence[float] = (), errors_s: Sequence[float] = ()) -> str:
    tested = report["set"]
    sections = [
        _numbers(report),
        _refused(report),
        _busy(report),
        _section("Goals", wording.goals(report["goals"]), goals_table(report["goals"])),
        _section("Against its floors", _compared_text(report), _key() + bars(_compared(report), _best_floor(report))),
        _section("Every way by the same figures", _MEASURES, measures_table(report["measures"])),
        _section("Until an answer begins", _ONSET, onset(report["answer_onset"])),
        _section("Recorded people", "", people(report["recorded"])),
        _section("How late a result is", "Cutoff to result at the client.", _latency(latencies_ms)),
        _section(
            "When answers begin",
            "Onset against what was asked for, all answers that hit their window.",
            _onsets(errors_s),
        ),
        _section("By N seconds", "Median error of the onset; area by items.", _by_n(report["by_n"])),
        _section("By family", "", bars(_groups(report["by_family"]))),
        _section("By voice", "", bars(_groups(report["by_voice"]))),
        _section(
            "Measures of this set",
            "",
            _table(
                {name: value for name, value in report["metrics"].items() if not name.startswith(("score", "family "))}
            ),
        ),
        _section("The cluster's own score", _cluster_text(report), _table(report["cluster"] or {})),
    ]
    title = TITLES.get(report["name"], report["name"])
    where = f"{tested['items']} items, {tested['split']} split · {report['versions'].get('checkpoint', '')}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{CSS.read_text()}</style><main><h1>{escape(title)}</h1>"
        f"<p>{escape(where)}</p>{''.join(sections)}"
        f"<footer>{escape(wording.machine(report))}<br>Set {tested['sha256']}; {escape(tested['known'])}. "
        f"Synthetic sets: not comparable with published scores of the tests they are named after.</footer>"
        f"</main></html>\n"
    )


def _section(title: str, text: str, body: str) -> str:
    if not body:
        return ""
    about = f"<p>{escape(text)}</p>" if text else ""
    return f"<section><h2>{escape(title)}</h2>{about}{body}</section>"


def _numbers(report: Mapping[str, Any]) -> str:
    def number(value: str, text: str) -> str:
        return f"<div><strong>{escape(value)}</strong><span>{escape(text)}</span></div>"

    found = [number(f"{report['lockstep']['score']:.1f}", _with_interval("virtual clock", report["lockstep"]))]
    if report["realtime"]:
        cluster = report["cluster"]
        where = "real time, busy machine" if cluster["quiet"] is False else "real time"
        found.append(number(f"{report['realtime']['score']:.1f}", _with_interval(where, report["realtime"])))
        found.append(number(f"{cluster['difference']:+.1f}", "points the cluster loses"))
        found.append(number(f"{100 * cluster['on_time_rate']:.2f} %", "of micro-turns on time"))
    found.append(number(f"{report['false_alarms_per_min']:.2f}", "false alarms a minute"))
    return f'<section class="big">{"".join(found)}</section>'


def _with_interval(what: str, part: Mapping[str, Any]) -> str:
    low, high = part["ci95"] or (0.0, 0.0)
    return f"{what}, {part['items']} items, {low:.0f} to {high:.0f}"


def _refused(report: Mapping[str, Any]) -> str:
    reasons = [f"<li>{escape(each)}</li>" for each in report["refused"]]
    reasons += [f"<li>not measured: {escape(each)}</li>" for each in report["missing"]]
    if not reasons:
        return ""
    title = "Refused" if report["refused"] else "Not measured"
    kind = ' class="refused"' if report["refused"] else ""
    return f"<section{kind}><h2>{title}</h2><ul>{''.join(reasons)}</ul></section>"


def _busy(report: Mapping[str, Any]) -> str:
    says = wording.busy(report)
    return f'<section class="busy"><h2>Busy machine</h2><p>{escape(says)}</p></section>' if says else ""


def _compared(report: Mapping[str, Any]) -> list[Bar]:
    rows = [
        _bar(f"the model, {text}", report[part]["score"], kind, report[part]["ci95"])
        for part, text, kind in (
            ("lockstep", "virtual clock", "model"),
            ("realtime", "real time", "cluster"),
            ("replay", "its delays replayed", "cluster"),
        )
        if report.get(part)
    ]
    for group, kind in (("controls", "control"), ("sighted_baselines", "sighted"), ("blind_floors", "blind")):
        members = sorted(report[group].items(), key=lambda pair: (pair[0] != CASCADE, group == "controls" and -pair[1]))
        for name, value in members:
            colour = "cascade" if name == CASCADE else kind
            rows.append(_bar(name.replace("_", " "), value, colour, report["intervals"][group][name]))
    return rows


def _compared_text(report: Mapping[str, Any]) -> str:
    return "0 to 100 with 95 % intervals over items. The dashed line is the best policy that hears and sees nothing."


def _best_floor(report: Mapping[str, Any]) -> float:
    trivial = [report["controls"].get(name, 0.0) for name in ("silence", "always_talk", "metronome")]
    return float(max([*trivial, *report["blind_floors"].values()]))


def _bar(label: str, value: float, kind: str, interval: Sequence[float] | None) -> Bar:
    low, high = interval if interval else (None, None)
    return Bar(label=label, value=value, kind=kind, low=low, high=high)


def _groups(groups: Mapping[str, float]) -> list[Bar]:
    return [Bar(label=name, value=value, kind="model") for name, value in groups.items()]


def _key() -> str:
    marks = (f'<span><i style="background:var(--{kind})"></i>{text}</span>' for kind, text in _KINDS)
    return f'<div class="key">{"".join(marks)}</div>'


def _latency(values: Sequence[float]) -> str:
    return histogram(values, unit="ms", rule=160.0, rule_text="due")


def _onsets(values: Sequence[float]) -> str:
    return histogram(values, unit="s", rule=None, rule_text="")


def _by_n(rows: Mapping[str, Mapping[str, Any]]) -> str:
    points = [
        Dot(x=float(n), y=row["median_abs_error_s"], size=row["items"])
        for n, row in rows.items()
        if row["median_abs_error_s"] is not None
    ]
    return dots(
        points, x_unit="s", y_text="median error in seconds, by seconds asked for", limit="what counts as a hit"
    )


def _cluster_text(report: Mapping[str, Any]) -> str:
    return "What the same items lose between the virtual clock and a served session, and what the cluster did to them."


def _table(values: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{escape(name.replace('_', ' '))}</td><td>{escape(_plain(value))}</td></tr>"
        for name, value in values.items()
    )
    return f"<table>{rows}</table>" if rows else ""


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(each)}" for name, each in value.items()) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return " to ".join(map(_plain, value)) or "none"
    return "-" if value is None else str(value)
