"""From the words of a session to what the scorers judge: every output with where it is heard, in media time. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from cluster.types import MICRO_TURN_MS
from evals.items import Emitted, Said

TURN_S = MICRO_TURN_MS / 1000


def slot_s(k: int, *, jitter_ms: int = 30, due_ms: int = 160) -> float:
    """Media time at which the output of micro-turn k begins to sound (DESIGN.md section 5)."""
    return (MICRO_TURN_MS * (k + 1) + jitter_ms + due_ms) / 1000


@dataclass(slots=True)
class Heard:
    """Give it words, events and ends in the order in which they come. What one micro-turn emitted is one output; it
    begins where its first word is heard, which is later than its slot where the voice still speaks, and ends where the
    voice falls silent or the next output begins.
    """

    jitter_ms: int = 30
    due_ms: int = 160
    _done: list[Said] = field(default_factory=list)
    _by: Emitted | None = None
    _words: list[str] = field(default_factory=list)
    _onset_s: float = 0.0

    def word(self, text: str, k: int, onset_s: float, late_s: float = 0.0) -> None:
        """k: the micro-turn that emitted it. late_s: how much later than due it came, which `onset_s` has in it."""
        if self._by is not None and k != self._by.k:
            self.ended(onset_s)
        if self._by is None:
            self._by = Emitted(k=k, jitter_ms=self.jitter_ms, due_ms=self.due_ms, late_ms=round(1000 * late_s, 3))
            self._onset_s = onset_s
        self._words.append(text)

    def event(self, kind: str, onset_s: float) -> None:
        self._done.append(Said(onset_s=onset_s, text=f"<{kind}>", end_s=onset_s))

    def ended(self, at_s: float) -> None:
        """The voice fell silent."""
        if self._by is not None:
            end_s, text = round(max(at_s, self._onset_s), 4), " ".join(self._words)
            self._done.append(Said(onset_s=round(self._onset_s, 4), text=text, end_s=end_s, emitted=self._by))
            self._by, self._words = None, []

    def said(self, end_s: float) -> list[Said]:
        """Everything, in order; a session that ended in the middle of a word ended there."""
        self.ended(end_s)
        return sorted(self._done, key=lambda each: each.onset_s)
