"""How fast a client's sample clock runs against ours, from when its media arrives. Integers in, integers out.

The least delay of several seconds is what the network adds when nothing queues: the client's offset. How it moves over
30 s is the skew. The correction follows the skew and works off what offset is left, at most 300 ppm; an offset of a
whole micro-turn is beyond resampling and is slipped at once.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from cluster.types import MICRO_TURN_MS

MAX_PPM = 300
_BUCKET_NS = 1_000_000_000
_BUCKETS = 30
_MIN_THIRD = 4  # seconds; before that the slope says nothing
_SETTLE_S = 30  # the time in which an error of the offset is worked off
_DEAD_NS = 8_000_000  # an error below this is noise: a client on our own clock is never resampled
_SLIP_NS = MICRO_TURN_MS * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Skew:
    """offset_ns: arrival after capture, against the first seconds, less the correction so far. ppm: of its slope."""

    offset_ns: int
    ppm: int


class Drift:
    """rate: of the timeline, Hz. Give it every chunk, and ask once for each micro-turn that is cut."""

    def __init__(self, rate: int, turn_samples: int) -> None:
        self._rate, self._turn_samples = rate, turn_samples
        self._minima: deque[list[int]] = deque(maxlen=_BUCKETS)  # [bucket, arrival_ns, delay_ns]
        self._baseline_ns: int | None = None
        self._corrected = 0  # samples given beyond (+) or short of (-) the nominal length, in all
        self._owed_ppm = 0  # samples x ppm not given yet: below one whole sample
        self._active = False

    def observe(self, end_sample: int, arrival_ns: int) -> None:
        """A chunk whose last sample is before `end_sample` of the track has arrived."""
        delay_ns = arrival_ns - end_sample * 1_000_000_000 // self._rate
        bucket = arrival_ns // _BUCKET_NS
        if self._minima and self._minima[-1][0] == bucket:
            if delay_ns < self._minima[-1][2]:
                self._minima[-1][1:] = [arrival_ns, delay_ns]
        else:
            self._minima.append([bucket, arrival_ns, delay_ns])

    def skew(self) -> Skew | None:
        """From the least delay of the first and of the last third of the window. None: not enough seen yet."""
        third = len(self._minima) // 3
        if third < _MIN_THIRD:
            return None
        seen = list(self._minima)
        then_ns, then_delay_ns = min((at[1:] for at in seen[:third]), key=lambda at: at[1])
        now_ns, delay_ns = min((at[1:] for at in seen[-third:]), key=lambda at: at[1])
        if self._baseline_ns is None:
            self._baseline_ns = then_delay_ns
        corrected_ns = self._corrected * 1_000_000_000 // self._rate
        return Skew(
            offset_ns=delay_ns - self._baseline_ns + corrected_ns,
            ppm=(delay_ns - then_delay_ns) * 1_000_000 // (now_ns - then_ns),
        )

    def next_turn(self) -> int:
        """Samples the next micro-turn takes of the track: 0 inserts one, twice the nominal length merges two."""
        nominal = self._turn_samples
        skew = self.skew()
        if skew is None:
            return nominal
        if abs(skew.offset_ns) > _SLIP_NS and len(self._minima) == _BUCKETS:  # for 10 s on end, no passing stall
            samples = 0 if skew.offset_ns > 0 else 2 * nominal
        else:
            samples = nominal - self._stretch(skew)
        self._corrected += samples - nominal
        return samples

    def _stretch(self, skew: Skew) -> int:
        """Samples fewer that this micro-turn takes: a slow client's track is stretched."""
        self._active = self._active or abs(skew.offset_ns) > _DEAD_NS
        wanted_ppm = skew.ppm + skew.offset_ns // (_SETTLE_S * 1000) if self._active else 0
        self._owed_ppm += max(-MAX_PPM, min(MAX_PPM, wanted_ppm)) * self._turn_samples
        whole = self._owed_ppm // 1_000_000 if self._owed_ppm >= 0 else -(-self._owed_ppm // 1_000_000)
        self._owed_ppm -= whole * 1_000_000
        return whole
