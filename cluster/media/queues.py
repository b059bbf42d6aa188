"""Text and pictures that wait for their micro-turn. Text is never too late: what does not fit goes with the next."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(slots=True)
class _Text:
    seq: int
    k: int  # not before this micro-turn
    tokens: deque[int]


class TextQueue:
    """per_turn: tokens one micro-turn takes."""

    def __init__(self, per_turn: int) -> None:
        self._per_turn = per_turn
        self._waiting: deque[_Text] = deque()

    def __len__(self) -> int:
        """Tokens that wait."""
        return sum(len(text.tokens) for text in self._waiting)

    def put(self, seq: int, k: int, tokens: tuple[int, ...]) -> None:
        self._waiting.append(_Text(seq, k, deque(tokens)))

    def take(self, k: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Tokens of micro-turn k, and the seqs whose text has left wholly."""
        tokens: list[int] = []
        settled: list[int] = []
        while self._waiting and self._waiting[0].k <= k and len(tokens) < self._per_turn:
            head = self._waiting[0]
            tokens += [head.tokens.popleft() for _ in range(min(len(head.tokens), self._per_turn - len(tokens)))]
            if not head.tokens:
                settled.append(self._waiting.popleft().seq)
        return tuple(tokens), tuple(settled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """patches: bytes of all patches of one picture."""

    seq: int
    k: int
    patches: bytes


class FrameQueue:
    """frames_per_turn: pictures one micro-turn takes."""

    def __init__(self, frames_per_turn: int) -> None:
        self.per_turn = frames_per_turn
        self._waiting: list[Frame] = []

    def put(self, frame: Frame) -> bool:
        """False where its micro-turn is full."""
        if sum(other.k == frame.k for other in self._waiting) >= self.per_turn:
            return False
        self._waiting.append(frame)
        return True

    def take(self, k: int) -> tuple[Frame, ...]:
        """The pictures of micro-turn k, in the order they were sent."""
        taken = sorted((frame for frame in self._waiting if frame.k == k), key=lambda frame: frame.seq)
        self._waiting = [frame for frame in self._waiting if frame.k > k]
        return tuple(taken)

    def drop_before(self, k: int) -> tuple[Frame, ...]:
        """Takes out the pictures whose micro-turns were sealed."""
        dropped = tuple(frame for frame in self._waiting if frame.k < k)
        self._waiting = [frame for frame in self._waiting if frame.k >= k]
        return dropped
