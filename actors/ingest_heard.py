"""What a session's microphone heard, as Opus and a second at a time, on its way to the store."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from zlib import crc32

import structlog

from cluster.media.dmel import Samples
from cluster.media.heard import HeardEncoder
from counterpoint.internal.v1 import edge_pb2 as pb

PIECE_TURNS = 5
# With the usual times a micro-turn leaves 30 ms before its cutoff and is due 160 ms after it; the next cutoff is 40 ms
# after that. So the step is over, however full it was, and the next one has not begun.
QUIET_S = 0.19

log = structlog.get_logger()


@dataclass(slots=True)
class _Piece:
    """Micro-turns k, k+1, …"""

    k: int
    turns: list[Samples] = field(default_factory=list)


class Hearing:
    """A piece is a second, or what came of one. It is encoded off the event loop, between two steps.

    What goes wrong with it costs the session nothing else.
    """

    def __init__(self, session: str, executor: Executor, feature_hz: int, send: Callable[[pb.EdgeUp], None]) -> None:
        """executor: of one thread, so that pieces stay in order."""
        self._session = session
        self._phase = crc32(session.encode()) % PIECE_TURNS  # so that sessions opened together are not encoded together
        self._executor, self._send = executor, send
        self._encoder = HeardEncoder(feature_hz)
        self._filling = _Piece(0)
        self._waiting: deque[_Piece] = deque()
        self._closed = False

    def put(self, k: int, heard_M: Samples) -> None:
        """Micro-turn k left."""
        if self._closed:
            return
        if k != self._filling.k + len(self._filling.turns):
            self._full()
            self._filling = _Piece(k)
        self._filling.turns.append(heard_M)
        if (k + self._phase) % PIECE_TURNS == PIECE_TURNS - 1:
            self._full()

    def finish(self) -> None:
        """Nothing more comes: what is there goes at once."""
        self._full()
        self._encode()

    def close(self) -> None:
        self._closed = True

    def _full(self) -> None:
        piece = self._filling
        if piece.turns:
            self._waiting.append(piece)
            self._filling = _Piece(piece.k + len(piece.turns))
            asyncio.get_running_loop().call_later(QUIET_S, self._encode)

    def _encode(self) -> None:
        while self._waiting and not self._closed:
            piece = self._waiting.popleft()
            made = self._executor.submit(self._encoder.encode, piece.turns)
            asyncio.wrap_future(made).add_done_callback(lambda done, piece=piece: self._made(piece, done))

    def _made(self, piece: _Piece, done: asyncio.Future[bytes]) -> None:
        if done.cancelled():
            return
        if error := done.exception():
            log.error("what a microphone hears is not kept any more", session=self._session, exc_info=error)
            self._closed = True
        if self._closed:
            return
        self._send(pb.EdgeUp(heard=pb.Heard(k=piece.k, turns=len(piece.turns), opus=done.result())))
