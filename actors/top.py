"""`counterpoint top`: a running cluster at a glance, read from the metrics of its actors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from actors.readings import read as readings
from actors.serve import AsJson, ConfigFile
from cluster.clock import MonotonicClock
from cluster.config import load
from cluster.errors import CounterpointError
from cluster.telemetry.overview import Overview, overview
from cluster.telemetry.scrape import Scrape

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def top(
    config: ConfigFile = None,
    address: Annotated[str, typer.Option(help="Ray cluster it runs on; auto: the one of this machine.")] = "auto",
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two readings.")] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Two readings, one view, then end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Watch a running cluster until Ctrl-C: lateness, places, headroom, experts.

    Example: counterpoint top --once --json
    """
    from actors.app import joined

    try:
        with joined(load(config, overrides={"serve.ray_address": address})) as supervisor:
            actors = partial(supervisor.tell, "actors")
            if as_json:
                asyncio.run(watch(actors, every, lambda seen: out.print(json.dumps(asdict(seen))), once))
            elif once:
                asyncio.run(watch(actors, every, lambda seen: out.print(screen(seen)), once))
            else:
                with Live(console=out, auto_refresh=False) as view:
                    asyncio.run(watch(actors, every, lambda seen: view.update(screen(seen), refresh=True), once))
    except CounterpointError as error:
        err.print(f"counterpoint: {error}", style="red")
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        return


async def watch(
    actors: Callable[[], Awaitable[object]], every: float, show: Callable[[Overview], None], once: bool
) -> None:
    clock = MonotonicClock()
    before, then_ns = await read(actors), clock.now_ns()
    while True:
        await asyncio.sleep(every)
        now, now_ns = await read(actors), clock.now_ns()
        show(overview(now, before, (now_ns - then_ns) / 1e9))
        if once:
            return
        before, then_ns = now, now_ns


async def read(actors: Callable[[], Awaitable[object]]) -> dict[str, Scrape | None]:
    """The metrics of every actor that the supervisor knows now; None for one that does not answer."""
    infos = await actors()
    assert isinstance(infos, tuple)
    return await readings(infos)


def screen(seen: Overview) -> Group:
    """The view of a terminal."""
    facts = Table(show_header=False, box=None, padding=(0, 2))
    rate = "no micro-turn was due" if seen.on_time_rate is None else f"{100 * seen.on_time_rate:.2f} % on time"
    lateness = f"p50 {_early(seen.lateness_p50_ms)} · p99 {_early(seen.lateness_p99_ms)}"
    facts.add_row("micro-turns", rate, lateness, _counts("missed", seen.missed))
    held = f"{seen.attached} attached, {seen.detached} detached of {seen.places}"
    facts.add_row("sessions", held, _counts("refused", seen.refused), _counts("degraded", seen.degraded))
    skipped = f"{seen.skipped_ticks} skipped" if seen.skipped_ticks else ""
    facts.add_row("ticks", f"p99 {_ms(seen.tick_p99_ms)}", f"headroom {_ms(seen.headroom_ms)}", skipped)
    kv = "" if seen.kv_used is None else f"KV {100 * seen.kv_used:.1f} %"
    facts.add_row(
        "state", f"journal {_ms(seen.journal_lag_ms)} behind", kv, f"{seen.volatile} volatile" if seen.volatile else ""
    )
    facts.add_row("stages", "p99 " + " · ".join(f"{name} {_ms(ms)}" for name, ms in seen.stages_p99_ms.items()))
    facts.add_row("experts", _counts("calls", seen.expert_calls))
    actors = Table("actor", "processor", "memory", "expert calls", "p99 computing")
    for line in seen.actors:
        state = "" if line.moves else " [red]frozen[/red]" if line.answers else " [red]no answer[/red]"
        calls = f"{line.calls_per_s:.0f}/s" if line.calls_per_s else ""
        computing = _ms(line.compute_p99_ms) if line.compute_p99_ms is not None else ""
        actors.add_row(line.actor + state, f"{line.cpu_percent:.0f} %", f"{line.memory_mb:.0f} MB", calls, computing)
    return Group(facts, actors)


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} ms"


def _early(late_ms: float | None) -> str:
    return "–" if late_ms is None else f"{abs(late_ms):.1f} ms {'late' if late_ms > 0 else 'early'}"


def _counts(what: str, found: dict[str, int]) -> str:
    return f"{what}: " + ", ".join(f"{count} {name}" for name, count in found.items()) if found else ""
