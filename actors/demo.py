"""`counterpoint demo`: a whole cluster on this machine, one live session over its public wire, and what it proved."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from urllib.request import urlopen

import typer
from rich.console import Console

from actors import demo_checks as checks
from actors.demo_checks import Check, Counted, Expected
from actors.handles import ActorInfo
from cluster.config import Config, load
from cluster.errors import ConfigError, CounterpointError
from cluster.telemetry.logging import configure_logging
from cluster.telemetry.scrape import Scrape, merge
from counterpoint.client import ClientError
from counterpoint.talk.run import Wanted, converse
from counterpoint.talk.source import Recording
from counterpoint.talk.terminal import Terminal
from counterpoint.talk.wav import UnreadableSound, read_wav

DISPATCHERS = {"grpc": "Grpc", "local": "Local", "alltoall": "AllToAll"}
SETTLED_S = 2.0  # a call that was given up is counted when its time is over


def demo(
    out: Annotated[Path, typer.Option(help="Where the files go.")] = Path("out"),
    checkpoint: Annotated[Path | None, typer.Option(help="Model to serve; by default the shipped one.")] = None,
    recordings: Annotated[Path | None, typer.Option(help="Folder with demo.wav, demo.json and control.wav.")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file, as for serve.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON, nothing else.")] = False,
) -> None:
    """Start the cluster, talk to it with a recording in real time, and exit 0 only if it did what it should.

    Example: counterpoint demo --out out
    """
    configure_logging("demo", level="warning")  # on standard error; the actors' own go to files
    console = Console(stderr=as_json, quiet=as_json, highlight=False)
    given = {"serve.port": 0, "serve.data_dir": out / "data", "engine.checkpoint": checkpoint}
    given["telemetry.log_dir"] = out / "logs"
    try:
        settings = load(config, overrides={path: value for path, value in given.items() if value is not None})
        (out / "control").mkdir(parents=True, exist_ok=True)
        summary, verdict = asyncio.run(perform(settings, recordings, out, console))
    except (ClientError, ConfigError, CounterpointError, UnreadableSound) as error:
        typer.echo(f"counterpoint demo: {error}", err=True)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps(summary))
    else:
        show(console, verdict, summary, out)
    raise typer.Exit(0 if all(check.holds for check in verdict) else 1)


async def perform(
    settings: Config, recordings: Path | None, out: Path, console: Console
) -> tuple[dict[str, Any], list[Check]]:
    """The session, then the control, each alone on the cluster; `out/summary.json` tells both."""
    from actors.app import App  # late: --help needs no Ray

    folder = recordings or settings.engine.checkpoint / "demo"
    expected = read_expected(folder / "demo.json")
    demo_sound, control_sound = read_wav(folder / "demo.wav"), read_wav(folder / "control.wav")
    layers = json.loads((settings.engine.checkpoint / "config.json").read_text())["num_hidden_layers"]
    app = App(settings)
    with console.status("starting the cluster"):
        actors = await app.start()
    try:
        facts = await app.facts()
        console.print("  ".join(f"[bold]{actor.name}[/] {actor.pid}" for actor in actors), style="dim")
        before = await asyncio.to_thread(scrapes, actors)
        target = next(actor.address for actor in actors if actor.role == "ingest")
        talked = await hear(console, Wanted(target=target, title="The demo"), Recording(demo_sound), out)
        wanted = Wanted(target=target, title="The control")
        control = await hear(console, wanted, Recording(control_sound), out / "control")
        counted = await settled(actors, before)
    finally:
        with console.status("stopping the cluster"):
            await app.stop()
    dispatcher = DISPATCHERS[facts["exchange"]]
    summary = talked | {
        "expected": asdict(expected),
        "control": {"said": control["said"]},
        "actors": [{"role": actor.role, "pid": actor.pid} for actor in actors],
        "dispatcher": dispatcher,
        "counted": asdict(counted),
        "versions": talked["versions"] | facts,
    }
    summary.pop("unknown")
    verdict = [
        checks.said_in_time(talked["said"], expected),
        checks.silent(control["said"]),
        checks.own_processes(actors),
        checks.reached_by_grpc(dispatcher),
        checks.expert_calls_add_up(
            [*turns(out), *turns(out / "control")], counted, layers=layers, shards=settings.experts.shards
        ),
    ]
    summary["checks"] = [asdict(check) for check in verdict]
    (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    return summary, verdict


async def hear(console: Console, wanted: Wanted, source: Recording, out: Path) -> dict[str, Any]:
    view = Terminal(console, title=wanted.title)
    try:
        return await converse(wanted, source, view, out, asyncio.Event())
    finally:
        view.end()


def read_expected(path: Path) -> Expected:
    """Raises ConfigError where the recording does not say what should come of it."""
    try:
        return Expected(**json.loads(path.read_text())["expected"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            str(path), f"does not say what is expected ({error}); give a folder of recordings with --recordings"
        ) from error


def turns(out: Path) -> list[dict[str, Any]]:
    """Every micro-turn, as the log of the session has it."""
    records = map(json.loads, (out / "session.jsonl").read_text().splitlines())
    return [record for record in records if record["kind"] == "turn"]


async def settled(actors: tuple[ActorInfo, ...], before: dict[str, Scrape]) -> Counted:
    """What was counted since, as soon as calls that were given up are counted too."""
    ends_s = asyncio.get_running_loop().time() + SETTLED_S
    while True:
        rose = {name: now.since(before[name]) for name, now in (await asyncio.to_thread(scrapes, actors)).items()}
        of = {role: [rose[actor.name] for actor in actors if actor.role == role] for role in ("engine", "expert")}
        counted = Counted.between(merge(of["engine"]), of["expert"])
        if counted.called == counted.used + counted.again or asyncio.get_running_loop().time() > ends_s:
            return counted
        await asyncio.sleep(SETTLED_S / 20)


def scrapes(actors: tuple[ActorInfo, ...]) -> dict[str, Scrape]:
    """The metrics page of each actor that computes, by its name."""
    found = {}
    for actor in actors:
        if actor.role in ("engine", "expert"):
            with urlopen(f"http://{actor.metrics_address}/metrics", timeout=5) as page:
                found[actor.name] = Scrape.of(page.read().decode())
    return found


def show(console: Console, verdict: list[Check], summary: dict[str, Any], out: Path) -> None:
    for check in verdict:
        console.print(f"{'[green]✓[/]' if check.holds else '[red]✗[/]'} {check.what}: [dim]{check.found}[/]")
    latency, rate = summary["latency_ms"], summary["on_time_rate"]
    console.print(
        f"[bold]{summary['micro_turns']} micro-turns, {100 * rate:.1f} % on time, "
        f"cutoff to result p50 {latency['p50']:.0f} ms, p99 {latency['p99']:.0f} ms[/]"
    )
    console.print(f"[dim]{out}/summary.json · out.wav · score.html · session.jsonl[/]")
