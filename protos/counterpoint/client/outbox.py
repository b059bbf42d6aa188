"""What waits to be sent and what may have to be sent again. Pure: no clock, no I/O.

Controls go before media. Media waits for credit; a live session keeps only the newest `keep_ms` of each track and says
what it dropped, a lockstep session drops nothing. What the server has not yet accepted is kept for a resume, media
again only the newest `keep_ms` per track.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from counterpoint.client.credits import Credits
from counterpoint.v1.interaction_pb2 import Dropped, InteractRequest, Limits, Track


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A piece of one track: [starts, ends) in the track's own units, [starts_ms, ends_ms) on the media clock."""

    request: InteractRequest
    track: Track
    starts: int
    ends: int
    starts_ms: int
    ends_ms: int
    size: int  # bytes of payload, as credit counts them

    @property
    def ms(self) -> int:
        return self.ends_ms - self.starts_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Anything that is not media. `again`: worth sending again after a resume."""

    request: InteractRequest
    again: bool = True


@dataclass(slots=True, kw_only=True)
class Sent:
    seq: int
    item: Media | Order
    forgotten: bool = False  # too old to be sent again; after a resume only its loss is told


class Outbox:
    def __init__(self, limits: Limits, *, lossy: bool, keep_ms: int = 2_000, next_seq: int = 2) -> None:
        self._credits = Credits(limits)
        self._lossy, self._keep_ms = lossy, keep_ms
        self._next_seq = next_seq
        self._orders: deque[Order] = deque()
        self._media: deque[Media] = deque()
        self._dropped: dict[Track, tuple[int, int]] = {}
        self._sent: deque[Sent] = deque()
        self.dropped_ms = 0

    def order(self, request: InteractRequest, *, again: bool = True) -> None:
        self._orders.append(Order(request=request, again=again))

    def media(self, piece: Media) -> None:
        self._media.append(piece)
        while self._lossy and piece.ends_ms - (oldest := self._oldest(piece.track)).ends_ms >= self._keep_ms:
            self._media.remove(oldest)
            self._drop(oldest)

    @property
    def waiting_ms(self) -> int:
        """Media that has not left yet."""
        return sum(piece.ms for piece in self._media)

    @property
    def empty(self) -> bool:
        return not (self._orders or self._media or self._dropped)

    def take(self) -> tuple[InteractRequest, Media | None] | None:
        """The next message, numbered, with the media in it; None: nothing may be sent now."""
        if self._dropped:
            track, (starts, ends) = self._dropped.popitem()
            dropped = Dropped(track=track, from_media_time=starts, to_media_time=ends)
            return self._number(Order(request=InteractRequest(dropped=dropped))), None
        if self._orders and not self._closes_early(self._orders[0]):
            return self._number(self._orders.popleft()), None
        if self._media and self._credits.take(self._media[0].track, self._media[0].ms, self._media[0].size):
            piece = self._media.popleft()
            return self._number(piece), piece
        return None

    def credit(self, track: Track, ms: int, size: int) -> None:
        self._credits.give(track, ms, size)

    def accepted(self, through: int) -> None:
        """Forget what the server answers for: every message up to seq `through`."""
        while self._sent and self._sent[0].seq <= through:
            self._sent.popleft()

    def resume(self, accepted_through: int, limits: Limits) -> None:
        """A new stream: a fresh credit window, and all that was not accepted goes again, numbered from there on."""
        self.accepted(accepted_through)
        self._credits = Credits(limits)
        self._next_seq = accepted_through + 1
        again, self._sent = self._sent, deque()
        for sent in again:
            if isinstance(sent.item, Media) and sent.forgotten:
                self._drop(sent.item)
        kept = [sent.item for sent in again if not sent.forgotten]
        self._media.extendleft(reversed([item for item in kept if isinstance(item, Media)]))
        orders = [item for item in kept if isinstance(item, Order) and item.again]
        self._orders.extendleft(reversed(orders))

    def _number(self, item: Media | Order) -> InteractRequest:
        request = InteractRequest()
        request.CopyFrom(item.request)
        request.seq = self._next_seq
        self._sent.append(Sent(seq=self._next_seq, item=item))
        self._next_seq += 1
        if isinstance(item, Media):
            self._forget_older_than(item.track, item.ends_ms - self._keep_ms)
        return request

    def _forget_older_than(self, track: Track, ms: int) -> None:
        if not self._lossy:
            return
        for sent in self._sent:
            if isinstance(sent.item, Media) and sent.item.track == track:
                if sent.item.ends_ms > ms:
                    return
                if not sent.forgotten:
                    sent.item, sent.forgotten = replace(sent.item, request=InteractRequest()), True

    def _closes_early(self, order: Order) -> bool:
        """`close` says there is no more input, so it waits for the media before it."""
        return order.request.WhichOneof("message") == "close" and bool(self._media)

    def _oldest(self, track: Track) -> Media:
        return next(piece for piece in self._media if piece.track == track)

    def _drop(self, piece: Media) -> None:
        starts, ends = self._dropped.get(piece.track, (piece.starts, piece.ends))
        self._dropped[piece.track] = (min(starts, piece.starts), max(ends, piece.ends))
        self.dropped_ms += piece.ms
