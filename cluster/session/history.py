"""The history of a session as JSON lines: what happened, what was decided, what came of it.

Line 1 is a header: how the session began and on what it ran. The others are events with their time and a witness of the
commands they led to: whole where it is small, a digest where it is media. No resume token is ever written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, TypeAlias

from cluster.errors import InvalidInput, ResyncRequired
from cluster.session import commands as out
from cluster.session import events
from cluster.session.codec import Codec
from cluster.session.commands import Command, JournalWrite, OpenGranted
from cluster.session.terms import Terms
from cluster.types import SlotWork, Versions

VERSION = 1

Witness: TypeAlias = dict[str, Any]

_EVENTS = {
    kind.__name__: Codec(kind)
    for kind in (
        events.Reattach,
        events.TurnReady,
        events.Slipped,
        events.ControlIn,
        events.Played,
        events.Detach,
        events.Unheard,
        events.Close,
        events.Tick,
        events.Stepped,
        events.StepLost,
        events.JournalOutcome,
    )
}
_OUTS = {
    kind.__name__: Codec(kind)
    for kind in (
        out.OpenGranted,
        out.OpenRejected,
        out.Result,
        out.AcceptedThrough,
        out.Sealed,
        out.ControlEffective,
        out.SessionEnded,
        out.Superseded,
    )
}
_WORK, _WRITE = Codec(SlotWork), Codec(JournalWrite)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """How it began: opened, or (base and records) adopted from the journal of a former owner."""

    history: int = VERSION
    versions: Versions
    terms: Terms
    slots: tuple[int, int]
    at_ns: int
    adopted: bool = False
    request_id: int = 0
    base: int = 0
    records: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    event: events.SessionEvent
    at_ns: int
    commands: tuple[Witness, ...]


_HEADER = Codec(Header, whole=True)


def header_line(header: Header) -> bytes:
    return _HEADER.encode(header)


def entry_line(event: events.SessionEvent, now_ns: int, commands: Iterable[Command]) -> bytes:
    kind = type(event).__name__
    if isinstance(event, events.Reattach):
        event = replace(event, token="")
    body = _EVENTS[kind].encode(event)  # type: ignore[arg-type]  # the codec was chosen by the event's own type
    seen = json.dumps([witness(command) for command in commands], separators=(",", ":"))
    return b'{"at_ns":%d,"event":"%s","body":%s,"commands":%s}' % (now_ns, kind.encode(), body, seen.encode())


def witness(command: Command) -> Witness:
    """Enough of a command to tell it from any other."""
    if isinstance(command, SlotWork):
        return {
            "kind": "SlotWork",
            "slot": command.slot,
            "turns": [turn.k for turn in command.turns],
            "passes": command.max_passes,
            "prefills": [
                [run.slot, run.reset, run.index, [item.turn.k for item in run.items]] for run in command.prefills
            ],
            "free": list(command.free),
            "sha256": _digest(_WORK.encode(command)),
        }
    if isinstance(command, JournalWrite):
        return {
            "kind": "JournalWrite",
            "index": command.index,
            "records": len(command.records),
            "drop_below": command.drop_below,
            "sha256": _digest(_WRITE.encode(replace(command, meta=b""))),
        }
    if isinstance(command, OpenGranted):
        command = replace(command, token="", configure=b"")
    kind = type(command).__name__
    return {"kind": kind, **json.loads(_OUTS[kind].encode(command))}  # type: ignore[arg-type]  # as above


def read_history(lines: Iterable[bytes]) -> Iterator[Header | Entry]:
    """The first one is a header; another one begins where a new owner took over.

    Raises InvalidInput naming the line that cannot be read, or a version this code does not know.
    """
    at = 0
    for at, line in enumerate(lines, start=1):
        found = _json(line, at)
        if at == 1 and "history" not in found:
            raise InvalidInput("line 1", "is not the header of a history")
        try:
            yield _header(found, line) if "history" in found else _entry(found)
        except (KeyError, ResyncRequired) as error:
            raise InvalidInput(f"line {at}", f"is nothing this version knows: {error}") from error
    if not at:
        raise InvalidInput("history", "is empty")


class WholeLines:
    """The lines of a history but for a last one that is torn. torn_at: that one's number, once it was met."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = lines
        self.torn_at: int | None = None

    def __iter__(self) -> Iterator[bytes]:
        for at, line in enumerate(self._lines, start=1):
            if at > 1 and _is_torn(line):
                self.torn_at = at
                return
            yield line


def _is_torn(line: bytes) -> bool:
    """Its end was never written: whoever wrote it was killed, or is not done yet."""
    if line.endswith(b"\n"):
        return False
    try:
        json.loads(line)
    except ValueError:
        return True
    return False


def _header(found: dict[str, Any], line: bytes) -> Header:
    if found["history"] != VERSION:
        raise InvalidInput("history", f"has version {found['history']!r}; this code reads {VERSION}")
    return _HEADER.decode(line)


def _entry(found: dict[str, Any]) -> Entry:
    event = _EVENTS[found["event"]].decode(json.dumps(found["body"]).encode())
    return Entry(event=event, at_ns=found["at_ns"], commands=tuple(found["commands"]))


def _json(line: bytes, at: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise InvalidInput(f"line {at}", f"is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise InvalidInput(f"line {at}", "is not a JSON object")
    return found


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()[:16]
