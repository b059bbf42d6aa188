"""A client's samples at the places it gave them, cut in order. Nothing is used twice, nothing is made up but silence.

The outcome of a chunk depends only on media time, never on arrival time:
- what lies before the cut was held already (`duplicate`) or its place was sealed as silence (`too_late`);
- where two chunks overlap the first one keeps its place (`overlap_refused` for the rest of the second);
- a hole waits until media more than `window` samples behind it has come, so that chunks may change places within the
  window; then it is filled with silence for good (`gap_filled`);
- what ends more than `horizon` samples beyond the cut is refused (`too_early`).
Positions are decoded samples of the track. Shapes: N samples.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from cluster.media.dmel import Samples

_SILENCES_KEPT = 32


class MediaOutcome(StrEnum):
    """What became of media that was not simply taken."""

    GAP_FILLED = "gap_filled"
    TOO_LATE = "too_late"
    DUPLICATE = "duplicate"
    OVERLAP_REFUSED = "overlap_refused"
    TOO_EARLY = "too_early"
    UNDECODABLE = "undecodable"


@dataclass(frozen=True, slots=True)
class Span:
    start: int
    end: int

    def meets(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    span: Span
    samples: Samples
    silent: bool = False  # stands where media never came


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """silent: samples of it that never came."""

    samples: Samples
    silent: int


class Timeline:
    """window, horizon: samples."""

    def __init__(self, *, start: int, window: int, horizon: int) -> None:
        self.cursor = start  # everything before it was cut
        self._window, self._horizon = window, horizon
        self._segments: list[Segment] = []  # disjoint, ascending, at or beyond the cursor
        self._silences: list[Span] = []  # of late: what was filled or sealed

    @property
    def covered(self) -> int:
        """The end of what can be cut without a hole."""
        end = self.cursor
        for segment in self._segments:
            if segment.span.start != end:
                break
            end = segment.span.end
        return end

    @property
    def newest(self) -> int:
        """The end of the last sample held."""
        return self._segments[-1].span.end if self._segments else self.cursor

    @property
    def limit(self) -> int:
        """Nothing beyond it is taken."""
        return self.cursor + self._horizon

    def refusal(self, span: Span) -> MediaOutcome | None:
        """Why no part of `span` can be taken, if so; asked before anything is decoded."""
        if span.end > self.limit:
            return MediaOutcome.TOO_EARLY
        if self._free(span):
            return None
        late = any(span.meets(silence) for silence in self._silences)
        return MediaOutcome.TOO_LATE if late else MediaOutcome.DUPLICATE

    def place(self, start: int, samples_N: Samples) -> MediaOutcome | None:
        """Takes the parts of a chunk whose places are free."""
        span = Span(start, start + len(samples_N))
        if refused := self.refusal(span):
            return refused
        free = self._free(span)
        for part in free:
            self._insert(Segment(span=part, samples=samples_N[part.start - start : part.end - start]))
        return None if free == [span] else MediaOutcome.OVERLAP_REFUSED

    def fill(self, *, through: int | None = None) -> list[Span]:
        """Fills the holes that have waited long enough, and all before `through`. Returns the filled spans."""
        known, newest = through or 0, self.newest
        filled: list[Span] = []
        position = self.cursor
        for segment in self._segments:
            hole_end = segment.span.start
            waited = newest - hole_end > self._window
            filled.append(Span(position, hole_end if waited else min(hole_end, known)))
            position = segment.span.end
        filled = [hole for hole in (*filled, Span(position, known)) if hole.start < hole.end]
        for hole in filled:
            self._insert(Segment(span=hole, samples=np.zeros(hole.end - hole.start, np.float32), silent=True))
            self._remember(hole)
        return filled

    def cut(self, samples: int) -> Cut | None:
        """The next `samples` samples, or None while they are not all there."""
        end = self.cursor + samples
        if self.covered < end:
            return None
        parts: list[Samples] = [np.zeros(0, np.float32)]
        silent = 0
        while self._segments and self._segments[0].span.start < end:
            head = self._segments.pop(0)
            keep = min(head.span.end, end) - head.span.start
            parts.append(head.samples[:keep])
            silent += keep if head.silent else 0
            if head.span.end > end:
                rest = Segment(span=Span(end, head.span.end), samples=head.samples[keep:], silent=head.silent)
                self._segments.insert(0, rest)
        self.cursor = end
        return Cut(samples=np.concatenate(parts), silent=silent)

    def seal(self, end: int) -> None:
        """Gives up everything before `end`: what is held of it is thrown away, what comes for it is too late."""
        if end <= self.cursor:
            return
        self.fill(through=end)
        self._remember(Span(self.cursor, end))
        self.cut(end - self.cursor)

    def _free(self, span: Span) -> list[Span]:
        free: list[Span] = []
        position = max(span.start, self.cursor)
        for segment in self._segments[self._first_after(position) :]:
            if segment.span.start >= span.end:
                break
            if segment.span.start > position:
                free.append(Span(position, segment.span.start))
            position = max(position, segment.span.end)
        if position < span.end:
            free.append(Span(position, span.end))
        return free

    def _first_after(self, position: int) -> int:
        return bisect_left(self._segments, position, key=lambda segment: segment.span.end)

    def _insert(self, segment: Segment) -> None:
        at = bisect_left(self._segments, segment.span.start, key=lambda other: other.span.start)
        self._segments.insert(at, segment)

    def _remember(self, span: Span) -> None:
        self._silences = [*self._silences, span][-_SILENCES_KEPT:]
