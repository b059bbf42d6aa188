"""`python -m evals.publish out/eval/timespeak.json …`: takes reports on whole test sets into `evals/reports` and writes
the page of all that stand there. What is on the page is in the reports; nothing is put in by hand.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from evals.harness.looks import LOOKS_MAX, PATH
from evals.harness.names import NAMES

HOME = Path(__file__).with_name("reports")
FROZEN = ("this is the frozen set", "the labels are those of the frozen set")  # `evals.hashes.compare`
Report = Mapping[str, Any]


def page(reports: Sequence[Report], looks: Sequence[Mapping[str, Any]]) -> str:
    """Markdown of the reports in their order; looks: the lines of `evals/looks.jsonl`."""
    refused = [f"- {each['name']}: {'; '.join(each['refused'])}" for each in reports if each["refused"]]
    parts = [
        "# Reports on the test sets",
        "Written by `python -m evals.publish` from the JSON files beside it, which are the reports of `counterpoint "
        "eval` themselves, with every interval, voice, family and measure. Real time is one served cluster on the "
        "machine that is named.",
        _table(("set", "date", "look", "weights", "machine"), (_made(each, looks) for each in reports)),
        "## Scores",
        _table(
            (
                *("set", "items", "virtual clock (95 %)", "real time (95 %)", "items", "replay", "silence"),
                *("best that senses nothing", "best that senses, understands nothing", "cascade", "oracle"),
                "zeroed weights",
            ),
            map(_scores, reports),
        ),
        "Headlines of 0 to 100; recorded people are in none of them.",
    ]
    if refused:
        parts += ["Refused, since something that hears nothing scores as high (the numbers stand):", "\n".join(refused)]
    parts += [
        "## Goals",
        _table(("set", "goal", "wanted", "measured (95 %)", "reached"), chain.from_iterable(map(_goals, reports))),
        "## The cluster",
        _table(
            (
                *("set", "micro-turns in real time", "on time", "longest run of misses"),
                *("cutoff to result p50 / p99", "points lost to real time, same items"),
            ),
            (_cluster(each) for each in reports if each["cluster"]),
        ),
        "## Recorded people",
        _table(
            ("set", "items", "virtual clock", "real time", "best that senses nothing"),
            (_recorded(each) for each in reports if each["recorded"]["items"]),
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _made(report: Report, looks: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """When and with which weights: by the last look that these weights had at this set."""
    made = report["versions"]
    weights = made["checkpoint"].rpartition("@")[2]
    own = [look for look in looks if look["name"] == report["name"]]
    which = max((i for i, look in enumerate(own) if look["checkpoint"].startswith(weights)), default=None)
    if which is None:
        raise ValueError(f"{report['name']}: evals/looks.jsonl has no look of the weights {weights} at this set")
    machine = f"{made['cpu']}, {made['cores']} cores, torch {made['versions']['torch']}"
    return report["name"], own[which]["date"], f"{which + 1} of {LOOKS_MAX}", weights, machine


def _scores(report: Report) -> tuple[str, ...]:
    controls, live = report["controls"], report["realtime"]
    return (
        report["name"],
        str(report["set"]["items"]),
        _interval(report["lockstep"]),
        _interval(live),
        str(live["items"]) if live else "–",
        _interval(report["replay"]),
        *(f"{controls['silence']:.1f}", _best(report["blind_floors"]), _best(report["sighted_baselines"])),
        *(_number(controls.get("cascade")), f"{controls['oracle']:.0f}", f"{controls['zero_weights']:.1f}"),
    )


def _goals(report: Report) -> Iterable[tuple[str, ...]]:
    for row in report["goals"]["rows"]:
        unit, value = f" {row['unit']}" if row["unit"] else "", "–"
        if row["value"] is not None:
            around = f" ({row['ci95'][0]:.2f}–{row['ci95'][1]:.2f})" if row["ci95"] else ""
            value = f"{row['value']:.2f}{around}{unit}"
        reached = {True: "yes", False: "no", None: "not measured"}[row["reached"]]
        yield report["name"], row["what"], f"{row['sign']} {row['wanted']:.4g}{unit}", value, reached


def _cluster(report: Report) -> tuple[str, ...]:
    cluster, late = report["cluster"], report["latency_ms"]
    return (
        report["name"],
        str(cluster["micro_turns"]),
        f"{100 * cluster['on_time_rate']:.2f} %",
        str(cluster["longest_miss_run"]),
        f"{late['p50']:.0f} / {late['p99']:.0f} ms",
        f"{cluster['difference']:.1f}",
    )


def _recorded(report: Report) -> tuple[str, ...]:
    people = report["recorded"]
    live = people["realtime"]
    return (
        report["name"],
        str(people["items"]),
        f"{people['lockstep']['score']:.0f}",
        f"{live['score']:.0f} of {live['items']} items" if live else "–",
        f"{people['best_blind_floor']['score']:.0f}",
    )


def _interval(score: Mapping[str, Any] | None) -> str:
    return f"{score['score']:.1f} ({score['ci95'][0]:.0f}–{score['ci95'][1]:.0f})" if score else "–"


def _best(scores: Mapping[str, float]) -> str:
    return f"{max(scores.values()):.1f}" if scores else "–"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def publish(files: Sequence[Path], home: Path = HOME, looks: Path = PATH) -> None:
    """Raises ValueError, and changes nothing, for a report on another set or whose look was not counted."""
    texts = {name: path.read_text() for name in NAMES if (path := home / f"{name}.json").exists()}
    for file in files:
        text = file.read_text()
        report = json.loads(text)
        if report["name"] not in NAMES or not report["set"]["known"].startswith(FROZEN):
            raise ValueError(f"{file}: {report['set']['known']}; only reports on the frozen test sets are published")
        texts[report["name"]] = text
    told = page(
        [json.loads(texts[name]) for name in NAMES if name in texts],
        [json.loads(line) for line in looks.read_text().splitlines()],
    )
    for name, text in texts.items():
        (home / f"{name}.json").write_text(text)
    (home / "README.md").write_text(told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", nargs="*", type=Path, help="new ones; without any, the page is written again")
    publish(parser.parse_args().reports)


if __name__ == "__main__":
    main()
