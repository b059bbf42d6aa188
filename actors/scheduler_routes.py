"""Which stream leads to the attachment of a session."""

from __future__ import annotations

from dataclasses import dataclass

from actors.scheduler_edge import EdgeStream


@dataclass(frozen=True, slots=True)
class Attachment:
    session: str
    epoch: int
    number: int


class Routes:
    """An attachment is reached over the stream it was granted on, until it ends or the session does."""

    def __init__(self) -> None:
        self._streams: dict[str, dict[int, tuple[Attachment, EdgeStream]]] = {}

    def add(self, attachment: Attachment, stream: EdgeStream) -> None:
        self._streams.setdefault(attachment.session, {})[attachment.number] = attachment, stream

    def stream(self, session: str, number: int) -> EdgeStream | None:
        found = self._streams.get(session, {}).get(number)
        return found[1] if found else None

    def drop(self, session: str, number: int) -> None:
        """The attachment is over; its session may have another."""
        self._streams.get(session, {}).pop(number, None)

    def forget(self, session: str) -> None:
        self._streams.pop(session, None)

    def on(self, stream: EdgeStream) -> tuple[Attachment, ...]:
        """Every attachment that is reached over it."""
        return tuple(at for held in self._streams.values() for at, other in held.values() if other is stream)

    def take(self, stream: EdgeStream) -> tuple[Attachment, ...]:
        """Remove and return every attachment of a stream that ended."""
        lost = self.on(stream)
        for attachment in lost:
            self.drop(attachment.session, attachment.number)
        return lost

    def __len__(self) -> int:
        return sum(bool(held) for held in self._streams.values())
