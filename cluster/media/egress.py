"""What leaves towards a client: one result for every k, in order, whoever owns the session; judged by when it left.

A result of an older epoch, or of a k that left already, is dropped: a stale owner cannot speak, and what was heard is
never sent again. A k the owner passed over leaves as `skipped`, so that none is silently missing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from cluster.media.speech import Spoken
from cluster.types import MICRO_TURN_MS, Timing

RING_TURNS = 2_000 // MICRO_TURN_MS
RESULT_LOST = "result_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A micro-turn as its owner reports it. Times in monotonic nanoseconds; due_ns 0: there is no wall clock."""

    k: int
    epoch: int
    tick: int = 0
    timing: Timing = Timing.ON_TIME
    degradations: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    due_ns: int = 0
    cutoff_ns: int = 0
    queue_ns: int = 0
    engine_ns: int = 0
    expert_ns: int = 0
    passes: int = 0
    expert_calls: int = 0
    shards_used: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A result as the client gets it. first_sample: of the output track. Stages in nanoseconds."""

    result: Result
    spoken: Spoken
    timing: Timing
    lateness_ns: int
    first_sample: int
    ingest_ns: int = 0
    voice_ns: int = 0
    egress_ns: int = 0

    @property
    def k(self) -> int:
        return self.result.k


class Egress:
    """next_k: the first result the client still lacks. output_hz: 0 without a voice; positions then count at 24 kHz."""

    def __init__(self, *, next_k: int, epoch: int, output_hz: int, lockstep: bool) -> None:
        self.next_k, self.epoch = next_k, epoch
        self._turn_samples = (output_hz or 24_000) * MICRO_TURN_MS // 1000
        self._lockstep = lockstep
        self._ring: deque[Done] = deque(maxlen=RING_TURNS)

    @property
    def ring(self) -> tuple[Done, ...]:
        """The last 2 s of output, oldest first."""
        return tuple(self._ring)

    def fence(self, epoch: int) -> bool:
        """True where a message of this epoch may act."""
        self.epoch = max(self.epoch, epoch)
        return epoch == self.epoch

    def admit(self, result: Result) -> tuple[Result, ...]:
        """The results that may leave now: none for a stale one, more than one where k's were passed over."""
        if not self.fence(result.epoch) or result.k < self.next_k:
            return ()
        lost = tuple(
            Result(k=k, epoch=result.epoch, tick=result.tick, timing=Timing.SKIPPED, degradations=(RESULT_LOST,))
            for k in range(self.next_k, result.k)
        )
        self.next_k = result.k + 1
        return (*lost, result)

    def leave(self, result: Result, spoken: Spoken, *, now_ns: int, **stages_ns: int) -> Done:
        """The result goes to the client now."""
        lateness_ns = now_ns - result.due_ns if result.due_ns and not self._lockstep else 0
        timing = Timing.LATE if result.timing is Timing.ON_TIME and lateness_ns > 0 else result.timing
        done = Done(
            result=result,
            spoken=spoken,
            timing=timing,
            lateness_ns=lateness_ns,
            first_sample=result.k * self._turn_samples,
            **stages_ns,
        )
        self._ring.append(done)
        return done

    def again(self, done: Done, *, now_ns: int) -> Done:
        """The same result for a client that came back without having received it."""
        return replace(done, lateness_ns=now_ns - done.result.due_ns) if done.result.due_ns else done
