"""What the user has heard, where no sound device says so: real-time playout on the media clock. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    first_sample: int
    num_samples: int
    starts_ns: int


class PlaybackModel:
    """Every output plays when it is due or, if it came later, when it came; nothing plays twice."""

    def __init__(self, sample_rate_hz: int) -> None:
        self.sample_rate_hz = sample_rate_hz
        self._segments: deque[Segment] = deque()
        self._played = 0
        self.received_samples = 0  # end of the newest output received, for `resume`

    def receive(self, *, first_sample: int, num_samples: int, due_ns: int, now_ns: int) -> None:
        """num_samples: of the output track, at its rate; 0 is silence and plays nothing."""
        self.received_samples = max(self.received_samples, first_sample + num_samples)
        if num_samples:
            starts_ns = max(due_ns, now_ns)
            self._segments.append(Segment(first_sample=first_sample, num_samples=num_samples, starts_ns=starts_ns))

    def played(self, now_ns: int) -> int:
        """Samples of the output track that have sounded by now; never goes back."""
        while self._segments and self._segments[0].starts_ns <= now_ns:
            segment = self._segments[0]
            elapsed = (now_ns - segment.starts_ns) * self.sample_rate_hz // 1_000_000_000
            self._played = max(self._played, segment.first_sample + min(elapsed, segment.num_samples))
            if elapsed < segment.num_samples:
                break
            self._segments.popleft()
        return self._played

    def cut(self, now_ns: int) -> int:
        """Stop here and throw the rest away; returns the samples played."""
        played = self.played(now_ns)
        self._segments.clear()
        return played
