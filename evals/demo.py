"""`counterpoint demo`: the whole cluster, one live session on a bundled recording, and a check that it really happened.

What is expected is known here alone; the server never sees it. A second recording that asks for nothing must stay
unanswered. Leaves `out/`.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from counterpoint.talk.run import Wanted, converse
from counterpoint.talk.source import Recording
from counterpoint.talk.terminal import Terminal
from counterpoint.talk.wav import read_wav
from evals.calls import layers_of, served_by_shards
from evals.served import DidNotServe, Served, served

CHECKPOINT = Path(__file__).parents[1] / "models" / "counterpoint-micro"


@dataclass(frozen=True, slots=True)
class Finding:
    ok: bool
    what: str


def demo(
    out: Annotated[Path, typer.Option(help="Where the files go.")] = Path("out"),
    checkpoint: Annotated[Path, typer.Option(help="Folder of the model to serve.")] = CHECKPOINT,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON, nothing else.")] = False,
) -> None:
    """One live session, end to end, on real speech. Exits with 1 unless everything expected really happened.

    Example: counterpoint demo --out out
    """
    console = Console(stderr=as_json, quiet=as_json)
    (out / "control").mkdir(parents=True, exist_ok=True)
    try:
        with served("--checkpoint", str(checkpoint), log=out / "serve.log") as cluster:
            _introduce(console, cluster)
            before = served_by_shards(cluster)
            summary = asyncio.run(_talk(console, cluster, CHECKPOINT / "demo" / "demo.wav", out))
            shard_calls = served_by_shards(cluster) - before
            control = asyncio.run(_talk(console, cluster, CHECKPOINT / "demo" / "control.wav", out / "control"))
    except DidNotServe as error:
        typer.echo(f"counterpoint demo: {error}", err=True)
        raise typer.Exit(1) from None
    expected = json.loads((CHECKPOINT / "demo" / "demo.json").read_text())["expected"]
    summary |= {
        "expected": expected,
        "control": {"said": control["said"]},
        "actors": [{"role": actor["role"], "pid": actor["pid"]} for actor in cluster.actors],
        "dispatcher": cluster.facts["exchange"],
        "versions": {**summary["versions"], **cluster.facts.get("versions", {})},
        "shard_calls": shard_calls,
        "unknown": {},
    }
    findings = check(summary, layers_of(checkpoint))
    summary["checks"] = [{"ok": finding.ok, "what": finding.what} for finding in findings]
    (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    if as_json:
        typer.echo(json.dumps(summary))
    for finding in findings:
        console.print(f"[{'green' if finding.ok else 'red'}]{'✓' if finding.ok else '✗'}[/] {finding.what}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def check(summary: dict[str, Any], layers: int) -> list[Finding]:
    """What must be true of a demo; pure, so that tests can show each of them failing."""
    expected, said = summary["expected"], summary["said"]
    inside = [
        phrase
        for phrase in said
        if phrase["text"] == expected["text"] and expected["from_s"] <= phrase["t_s"] <= expected["to_s"]
    ]
    window = f"“{expected['text']}” between {expected['from_s']:.1f} and {expected['to_s']:.1f} s"
    pids = [actor["pid"] for actor in summary["actors"]]
    roles = {actor["role"] for actor in summary["actors"]}
    passes, calls, shards = summary["passes"], summary["expert_calls"], roles_count(summary, "expert")
    return [
        Finding(bool(inside), f"said {window}" + (f": at {inside[0]['t_s']:.2f} s" if inside else f", but {said}")),
        Finding(not summary["control"]["said"], "stayed silent when nothing was asked"),
        Finding(summary["audio_out_s"] > 0, f"spoke {summary['audio_out_s']:.1f} s of sound"),
        Finding(len(set(pids)) == len(pids) and len(pids) >= 6, f"{len(pids)} actors in as many processes"),
        Finding(
            {"supervisor", "ingest", "scheduler", "engine", "expert"} <= roles and shards >= 2,
            f"{shards} expert shards in their own processes",
        ),
        Finding(summary["dispatcher"] == "grpc", f"experts reached over {summary['dispatcher']}"),
        Finding(
            calls == summary["shard_calls"] and layers * passes <= calls <= layers * passes * shards,
            f"{calls} expert calls = {layers} layers x {passes} passes x {calls / max(1, layers * passes):.2f} shards "
            f"used on average; the shards themselves counted {summary['shard_calls']}",
        ),
    ]


def roles_count(summary: dict[str, Any], role: str) -> int:
    return sum(actor["role"] == role for actor in summary["actors"])


def _introduce(console: Console, cluster: Served) -> None:
    console.print("  ".join(f"[dim]{actor['name']}[/] {actor['pid']}" for actor in cluster.actors))
    facts = {name: value for name, value in cluster.facts.items() if isinstance(value, str)}
    console.print(" · ".join(f"{name} [bold]{value}[/bold]" for name, value in facts.items()))


async def _talk(console: Console, cluster: Served, file: Path, out: Path) -> dict[str, Any]:
    view = Terminal(console, title=file.name)
    try:
        wanted = Wanted(target=cluster.target, title=file.stem)
        return await converse(wanted, Recording(read_wav(file)), view, out, asyncio.Event())
    finally:
        view.end()
