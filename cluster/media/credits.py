"""What of a client's input is still in ingest: credit, and how far every message is dealt with.

A message is *settled* when its data left ingest: cut into a micro-turn, or answered with an outcome, an error or an
acknowledgement. Its credit goes back then, and `through` is the seq up to which everything is settled.
Beside its payload every message costs MESSAGE_BYTES until it is settled and a micro-turn has left: what carries no
payload is work too. Credit told to the client is payload only; the slack of `limit_bytes` covers the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cluster.errors import ProtocolError
from cluster.media.spec import Track

MESSAGE_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Given back to the client. `ms` counts media of one track, `bytes` those of the whole stream."""

    track: Track
    ms: int
    bytes: int


@dataclass(slots=True)
class _Pending:
    track: Track | None
    ms: int
    bytes: int


@dataclass(slots=True)
class InFlight:
    """limit_bytes: what the client may have in flight, plus one message it may not yet have known about."""

    next_seq: int
    limit_bytes: int
    bytes: int = 0  # payload and cost of messages
    _settled: int = 0  # messages whose cost goes with the next micro-turn
    _pending: dict[int, _Pending] = field(default_factory=dict)  # ascending: seqs never go back
    _returned: dict[Track, list[int]] = field(default_factory=dict)

    @property
    def through(self) -> int:
        """Everything up to here is settled."""
        return next(iter(self._pending), self.next_seq) - 1

    def open(self, seq: int, size: int, track: Track | None = None) -> None:
        """Raises ProtocolError for a gap, a reuse or a stream out of credit."""
        if seq != self.next_seq:
            what = "is used again" if seq < self.next_seq else "leaves a gap"
            raise ProtocolError("seq", f"{seq} {what}; the next message has {self.next_seq}")
        wanted = self.bytes + size + MESSAGE_BYTES
        if wanted > self.limit_bytes:
            raise ProtocolError(
                "limits.credit_bytes",
                f"{wanted} bytes in flight, {MESSAGE_BYTES} more for each message, exceed {self.limit_bytes}; "
                "wait for credit or send fewer messages in a micro-turn",
            )
        self.next_seq += 1
        self.bytes = wanted
        self._pending[seq] = _Pending(track, 0, size)

    def hold(self, seq: int, ms: int) -> None:
        """The message was taken and carries this much media."""
        self._pending[seq].ms = ms

    def settle(self, seq: int) -> None:
        """Idempotent."""
        pending = self._pending.pop(seq, None)
        if pending is None:
            return
        self.bytes -= pending.bytes
        self._settled += 1
        returned = self._returned.setdefault(pending.track or Track.TEXT, [0, 0])
        returned[0] += pending.ms
        returned[1] += pending.bytes

    def turn_left(self) -> None:
        """A micro-turn left: messages that are settled cost nothing any more."""
        self.bytes -= self._settled * MESSAGE_BYTES
        self._settled = 0

    def take_credits(self) -> tuple[Credit, ...]:
        """What was given back since the last call."""
        returned = self._returned.items()
        credits = tuple(Credit(track=track, ms=ms, bytes=size) for track, (ms, size) in returned if ms or size)
        self._returned.clear()
        return credits
