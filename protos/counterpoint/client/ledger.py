"""What a client knows of every micro-turn, judged by its own stamps only (DESIGN.md section 5). Pure bookkeeping.

On time: the result arrived by its due time and the micro-turn really ran (`on_time` or `late` by the server's clock;
what was skipped or coalesced away is missed). In lockstep there is no wall clock to judge by: the server's word counts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from counterpoint.client.timeline import MS, Timeline
from counterpoint.v1.interaction_pb2 import (
    TIMING_COALESCED,
    TIMING_LATE,
    TIMING_ON_TIME,
    TIMING_SKIPPED,
    MicroTurnDone,
)
from counterpoint.v1.interaction_pb2 import Timing as WireTiming

TIMING_NAMES: dict[WireTiming, str] = {
    TIMING_ON_TIME: "on_time",
    TIMING_LATE: "late",
    TIMING_SKIPPED: "skipped",
    TIMING_COALESCED: "coalesced",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One micro-turn. Times are nanoseconds of the client's monotonic clock; None: did not happen."""

    k: int
    cutoff_ns: int
    due_ns: int
    received_ns: int
    sent_ns: int | None  # when the last of its media was handed to the wire
    timing: str
    missed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Nearest rank, milliseconds."""

    p50: float
    p90: float
    p99: float
    max: float

    @classmethod
    def of(cls, values_ns: list[int]) -> Percentiles | None:
        if not values_ns:
            return None
        ordered = sorted(values_ns)
        p50, p90, p99 = (ordered[max(0, -(-len(ordered) * q // 100) - 1)] / MS for q in (50, 90, 99))
        return cls(p50=p50, p90=p90, p99=p99, max=ordered[-1] / MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """latency: cutoff to result. lateness: due to result, negative is early. None where no result had a wall clock."""

    micro_turns: int
    missed: int
    unanswered: int  # of the missed: no result at all
    repeated: int  # second results for a k; always 0 from a correct server
    sent_late: int  # media left this client after its cutoff: the client's own fault
    longest_miss_run: int
    latency_ms: Percentiles | None
    lateness_ms: Percentiles | None
    timing: dict[str, int]
    degradations: dict[str, int]

    @property
    def on_time_rate(self) -> float | None:
        return 1 - self.missed / self.micro_turns if self.micro_turns else None


class Ledger:
    def __init__(self, timeline: Timeline, *, first_k: int = 0, lockstep: bool = False) -> None:
        self.timeline = timeline  # replaced after a resume that moved the media clock
        self.lockstep = lockstep
        self.first_k = first_k
        self.entries: dict[int, Entry] = {}
        self._sent_ns: dict[int, int] = {}
        self._degradations: Counter[str] = Counter()
        self._repeated = 0

    def sent(self, media_end_ms: int, now_ns: int) -> None:
        """Media up to `media_end_ms` was handed to the wire; the first stamp that completes a micro-turn is kept."""
        last = media_end_ms // self.timeline.period_ms - 1
        while last >= self.first_k and last not in self._sent_ns:
            self._sent_ns[last] = now_ns
            last -= 1

    def receive(self, done: MicroTurnDone, now_ns: int) -> Entry | None:
        """None: a second result for the same k, which the wire promises never to send; only counted."""
        if done.k in self.entries:
            self._repeated += 1
            return None
        timing = TIMING_NAMES.get(done.timing, "unspecified")
        ran = timing in ("on_time", "late")
        on_time = timing == "on_time" if self.lockstep else ran and now_ns <= self.timeline.due_ns(done.k)
        entry = Entry(
            k=done.k,
            cutoff_ns=self.timeline.cutoff_ns(done.k),
            due_ns=self.timeline.due_ns(done.k),
            received_ns=now_ns,
            sent_ns=self._sent_ns.get(done.k),
            timing=timing,
            missed=not on_time,
        )
        self.entries[done.k] = entry
        self._degradations.update(degraded.what for degraded in done.degradations)
        return entry

    def last_k(self) -> int:
        """The newest micro-turn with a result; first_k - 1: none yet. What `resume` asks for."""
        return max(self.entries, default=self.first_k - 1)

    def report(self, now_ns: int, micro_turns: int | None = None) -> Report:
        """micro_turns: how many the session had, where the server has said so; otherwise every k due by now counts."""
        due_through = self.last_k() if self.lockstep else max(self.last_k(), self.timeline.last_due(now_ns))
        end = due_through + 1 if micro_turns is None else micro_turns
        span = range(self.first_k, max(self.first_k, end))
        known = [self.entries[k] for k in span if k in self.entries]
        longest = run = missed = 0
        for k in span:
            entry = self.entries.get(k)
            run = run + 1 if entry is None or entry.missed else 0
            missed += run > 0
            longest = max(longest, run)
        timed = [] if self.lockstep else [entry for entry in known if entry.timing in ("on_time", "late")]
        return Report(
            micro_turns=len(span),
            missed=missed,
            unanswered=len(span) - len(known),
            repeated=self._repeated,
            sent_late=sum(e.sent_ns is not None and e.sent_ns > e.cutoff_ns for e in timed),
            longest_miss_run=longest,
            latency_ms=Percentiles.of([entry.received_ns - entry.cutoff_ns for entry in timed]),
            lateness_ms=Percentiles.of([entry.received_ns - entry.due_ns for entry in timed]),
            timing=dict(Counter(entry.timing for entry in known)),
            degradations=dict(self._degradations),
        )
