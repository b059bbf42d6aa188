"""The live view: what is heard and said per micro-turn, how early each result came, and how it stands so far."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from counterpoint.client.errors import named_once
from counterpoint.talk.conversation import Conversation

BARS = " ▁▂▃▄▅▆▇█"
WIDTH = 60  # micro-turns on the strip: twelve seconds


class Terminal:
    """On a terminal a strip that moves under the running transcript; elsewhere the transcript alone, line by line."""

    def __init__(self, console: Console, title: str) -> None:
        self._console, self._title = console, title
        self._turns: deque[dict[str, Any]] = deque(maxlen=WIDTH)
        self._live = Live(console=console, refresh_per_second=10, transient=True)
        self._missed = self._seen = 0
        self._run: list[dict[str, Any]] = []  # misses not yet told

    def begin(self, conversation: Conversation) -> None:
        granted = conversation.granted
        mode = "lockstep" if conversation.lockstep else f"due {granted.due_ms} ms after cutoff"
        self._console.print(f"[bold]{self._title}[/]  [dim]{granted.checkpoint} · {granted.session_id} · {mode}[/]")
        if self._console.is_terminal:
            self._live.start()

    def end(self) -> None:
        self._tell_misses()
        self._live.stop()

    def show(self, record: dict[str, Any], conversation: Conversation) -> None:
        if record["kind"] == "turn":
            self._turns.append(record)
            self._seen += 1
            self._missed += record["missed"]
            if record["missed"]:
                self._run.append(record)
            else:
                self._tell_misses()
            for line in turn_lines(record):
                self._console.print(line)
            if self._console.is_terminal:
                self._live.update(self._strip(conversation))
        elif (line := other_line(record)) is not None:
            self._console.print(line)

    def _tell_misses(self) -> None:
        if self._run:
            self._console.print(miss_line(self._run))
            self._run = []

    def _strip(self, conversation: Conversation) -> Group:
        granted = conversation.granted
        grid = Table.grid(padding=(0, 1))
        grid.add_row("[dim]heard[/]", bars([turn["in_peak"] for turn in self._turns], "cyan"))
        grid.add_row("[dim]said[/]", bars([turn["out_peak"] for turn in self._turns], "green"))
        if not conversation.lockstep:
            grid.add_row("[dim]took[/]", lateness_bars(list(self._turns), granted.due_ms))
        newest = self._turns[-1]
        on_time = 100 * (1 - self._missed / self._seen)
        state = Text(f"{(newest['k'] + 1) * granted.micro_turn_ms / 1000:7.1f} s  on time {on_time:.1f} %")
        if newest["latency_ms"] is not None:
            state.append(f"  newest result {newest['latency_ms']:.0f} ms after its cutoff", style="dim")
        return Group(Text(), grid, state)


def bars(peaks: list[float], style: str) -> Text:
    """Peaks 0 to 1, on a square-root scale, so that quiet speech shows."""
    return Text("".join(BARS[min(8, round(8 * value**0.5))] for value in peaks), style=style)


def lateness_bars(turns: list[dict[str, Any]], due_ms: int) -> Text:
    """Height: cutoff to result as a share of D; red where the micro-turn was missed."""
    text = Text()
    for turn in turns:
        share = min(1.0, max(0.0, turn["latency_ms"] / due_ms))
        text.append(BARS[max(1, round(8 * share))], style="red" if turn["missed"] else "blue")
    return text


def turn_lines(record: dict[str, Any]) -> list[Text]:
    lines = [Text(f"{said['t_s']:7.2f} s  ", style="dim") + Text(said["text"], "bold green") for said in record["said"]]
    lines += [
        Text(f"{record['out_s']:7.2f} s  [{event['what']}] {event['text']}".rstrip(), style="dim")
        for event in record["events"]
    ]
    return lines


def miss_line(run: list[dict[str, Any]]) -> Text:
    """Misses in a row, told when the run is over: how many, how they went, how late the worst came, what else."""
    how = Counter(record["timing"] for record in run)
    told = ", ".join(f"{count} {timing.replace('_', ' ')}" for timing, count in how.items())
    late = [record["lateness_ms"] for record in run if record["lateness_ms"] is not None]
    told += f", worst {max(late):+.0f} ms" if late else ""
    also = sorted({item["what"].replace("_", " ") for record in run for item in record["degradations"]})
    told += f" ({', '.join(also)})" if also else ""
    return Text(f"{run[0]['out_s']:7.2f} s  missed {len(run)}: {told}", style="red")


def other_line(record: dict[str, Any]) -> Text | None:
    match record["kind"]:
        case "disconnected":
            return Text(f"{record['t_s']:7.2f} s  connection lost: {record['reason']}", style="yellow")
        case "resumed":
            return Text(f"           resumed after {record['after_ms']:.0f} ms", style="yellow")
        case "media":
            outcome = f"{record['outcome'].replace('_', ' ')} {record['detail']}".rstrip()
            return Text(f"           {record['track']}: {outcome}", style="yellow")
        case "error":
            about = named_once(record["field"], record["message"])
            return Text(f"           {record['code']}: {about}", style="red")
        case "notice":
            about = named_once(record["field"], record["message"])
            return Text(f"           {about}", style="yellow")
        case "going_away":
            return Text(f"           the server goes away: {record['reason']}", style="yellow")
    return None
