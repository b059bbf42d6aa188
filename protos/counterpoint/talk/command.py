"""The command line of `counterpoint talk`."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Annotated, Any

import grpc
import typer
from rich.console import Console

from counterpoint.client import ClientError
from counterpoint.talk.mic import Microphone, NoSound
from counterpoint.talk.run import Wanted, converse
from counterpoint.talk.source import Recording, Source
from counterpoint.talk.terminal import Terminal
from counterpoint.talk.wav import Sound, UnreadableSound, read_wav

DEFAULT_TARGET = "127.0.0.1:50051"
TEXT_SECONDS = 30.0  # how long to listen when nothing but a text is sent


def talk(
    file: Annotated[Path | None, typer.Argument(help="A PCM wav file.", show_default=False)] = None,
    mic: Annotated[bool, typer.Option("--mic", help="Talk with microphone and loudspeaker.")] = False,
    text: Annotated[str, typer.Option(help="Text sent at the start, beside the sound.")] = "",
    instructions: Annotated[str, typer.Option(help="Prefix text of the session.")] = "",
    target: Annotated[str, typer.Option(envvar="COUNTERPOINT_TARGET", help="HOST:PORT.")] = DEFAULT_TARGET,
    out: Annotated[Path, typer.Option(help="Where the files go.")] = Path("out"),
    max_seconds: Annotated[
        float | None, typer.Option(min=0.2, help="Stop after so long; a shorter file is followed by silence.")
    ] = None,
    lockstep: Annotated[bool, typer.Option("--lockstep", help="On a virtual clock, as fast as it goes.")] = False,
    due_ms: Annotated[int, typer.Option(min=0, max=200, help="Results due so long after cutoff; 0: default.")] = 0,
    tenant: Annotated[str, typer.Option(help="Tenant of the session.")] = "",
    api_key: Annotated[str, typer.Option(envvar="COUNTERPOINT_API_KEY", help="Sent as bearer token.")] = "",
    tls: Annotated[bool, typer.Option("--tls", help="Encrypt, with the system's certificates.")] = False,
    tls_root: Annotated[
        Path | None, typer.Option(help="Encrypt, trusting the authority in this PEM file.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON, nothing else.")] = False,
) -> None:
    """Talk to an interaction model: a recording or the microphone goes in, in real time; what it says comes out.

    Leaves summary.json, out.wav (left: input, right: output), session.jsonl and score.html.

    Example: counterpoint talk question.wav --max-seconds 30
    """
    console = Console(stderr=as_json, quiet=as_json, highlight=False)
    view = Terminal(console, title=f"{file or ('microphone' if mic else 'text')} → {target}")
    try:
        source = choose_source(file, mic=mic, text=text, max_seconds=max_seconds)
        wanted = Wanted(
            target=target,
            title=file.stem if file else "A session",
            text=text,
            instructions=instructions,
            lockstep=lockstep,
            due_ms=due_ms,
            tenant=tenant,
            metadata=(("authorization", f"Bearer {api_key}"),) if api_key else (),
            credentials=credentials_of(tls, tls_root),
        )
        out.mkdir(parents=True, exist_ok=True)
        summary = asyncio.run(until_interrupted(wanted, source, view, out))
    except (ClientError, NoSound, UnreadableSound) as error:
        typer.echo(f"counterpoint talk: {error}", err=True)
        raise typer.Exit(1) from None
    finally:
        view.end()
    if as_json:
        typer.echo(json.dumps(summary))
    else:
        print_summary(console, summary, out)


def credentials_of(tls: bool, root: Path | None) -> grpc.ChannelCredentials | None:
    """None: plain text. Raises BadParameter for a file that cannot be read."""
    if root is None:
        return grpc.ssl_channel_credentials() if tls else None
    try:
        return grpc.ssl_channel_credentials(root.read_bytes())
    except OSError as error:
        raise typer.BadParameter(f"{root} cannot be read: {error.strerror}", param_hint="--tls-root") from error


def choose_source(file: Path | None, *, mic: bool, text: str, max_seconds: float | None) -> Source:
    """Raises BadParameter where it is not clear what to send, UnreadableSound or NoSound."""
    if file is not None and mic:
        raise typer.BadParameter("give a file or --mic, not both", param_hint="FILE")
    if file is None and not mic and not text:
        raise typer.BadParameter("give a wav file, --mic or --text", param_hint="FILE")
    if mic:
        return Microphone.open(seconds=max_seconds)
    sound = Sound(pcm=b"", sample_rate_hz=16_000) if file is None else read_wav(file)
    return Recording(sound, seconds=(max_seconds or TEXT_SECONDS) if file is None else max_seconds)


async def until_interrupted(wanted: Wanted, source: Source, view: Terminal, out: Path) -> dict[str, Any]:
    """Ctrl-C ends the input; the files are still written."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    return await converse(wanted, source, view, out, stop)


def print_summary(console: Console, summary: dict[str, Any], out: Path) -> None:
    latency, rate = summary["latency_ms"], summary["on_time_rate"]
    line = f"{summary['micro_turns']} micro-turns"
    if rate is not None:
        line += f", {100 * rate:.1f} % on time"
    if latency is not None:
        line += f", cutoff to result p50 {latency['p50']:.0f} ms, p99 {latency['p99']:.0f} ms"
    if summary["longest_miss_run"]:
        line += f", longest run of misses {summary['longest_miss_run']}"
    console.print(f"[bold]{line}[/]")
    console.print(f"[dim]{out}/summary.json · out.wav · score.html · session.jsonl[/]")
