"""How much sound a client holds that nobody has heard yet, so that an interruption has little to take back.

Heard is what the last playback report says, carried on in real time; without a recent report, what real-time playout
would have played: output k sounds from its due time on.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from cluster.types import MICRO_TURN_MS

MAX_LEAD_MS = 400
_REPORT_LIFE_NS = 1_000_000_000
_TURN_NS = MICRO_TURN_MS * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    first: int  # sample of the output track
    end: int
    plays_ns: int


class Playout:
    """rate: of the output track, Hz."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._sent: deque[_Sent] = deque()
        self._reported: tuple[int, int] | None = None  # samples played, when the report came

    def sent(self, first_sample: int, *, due_ns: int, now_ns: int) -> None:
        """One micro-turn of sound left."""
        end = first_sample + self._rate * MICRO_TURN_MS // 1000
        self._sent.append(_Sent(first=first_sample, end=end, plays_ns=max(due_ns, now_ns)))

    def report(self, played_samples: int, *, cut: bool, now_ns: int) -> None:
        self._reported = (played_samples, now_ns)
        if cut:
            self._sent.clear()

    def unheard_ms(self, now_ns: int) -> int:
        while self._sent and self._unheard(self._sent[0], now_ns) <= 0:
            self._sent.popleft()
        return sum(self._unheard(piece, now_ns) for piece in self._sent) * 1000 // self._rate

    def may_send(self, now_ns: int) -> bool:
        """Whether one more micro-turn of sound stays within the lead."""
        return self.unheard_ms(now_ns) + MICRO_TURN_MS <= MAX_LEAD_MS

    def _unheard(self, piece: _Sent, now_ns: int) -> int:
        if self._reported is not None and now_ns - self._reported[1] <= _REPORT_LIFE_NS:
            played, at_ns = self._reported
            if played > piece.first:
                return max(0, piece.end - played - (now_ns - at_ns) * self._rate // 1_000_000_000)
        left_ns = _TURN_NS - max(0, now_ns - piece.plays_ns)
        return max(0, left_ns * self._rate // 1_000_000_000)
