"""One micro-turn of the client's samples to one micro-turn of feature samples, at the ratio drift asks for.

Two stages, each left out while it is not needed: soxr's variable-rate resampler stretches by the few samples that the
client's clock differs; swresample (PyAV) changes the rate. Each has a small constant delay (15 ms and at most 2 ms),
paid once as silence at the start: waiting for the filter's look-ahead instead would cost a micro-turn.
soxr is not used for the rate itself because its block filters answer up to 115 ms late (measured, 8 to 16 kHz).
Shapes: N samples in, M = 3200 samples out.
"""

from __future__ import annotations

import av
import numpy as np
import soxr

from cluster.media.dmel import Samples
from cluster.types import MICRO_TURN_MS

MAX_STRETCH = 0.001  # of the nominal length; the variable-rate filter is built for it
_RATE_DELAY = 64  # output samples; twice the longest delay measured
_STRETCH_DELAY_DIVISOR = 50  # 20 ms; 15 ms measured at every rate but 8 kHz, where it is 30
_STRETCH_DELAY_MIN = 640


class _Fifo:
    """Samples made but not taken yet; begins with the silence that covers a filter's delay."""

    def __init__(self, delay: int) -> None:
        self._held_N = np.zeros(delay, dtype=np.float32)

    def exchange(self, made_N: Samples, wanted: int) -> Samples:
        held_N = np.concatenate([self._held_N, made_N])
        self._held_N = held_N[wanted:]
        return held_N[:wanted]


class TurnResampler:
    """rate_in, rate_out: Hz, both multiples of 5."""

    def __init__(self, rate_in: int, rate_out: int) -> None:
        self.rate_in = rate_in
        self.nominal = rate_in * MICRO_TURN_MS // 1000
        self._wanted = rate_out * MICRO_TURN_MS // 1000
        self._stretch: soxr.ResampleStream | None = None
        self._stretched = _Fifo(max(rate_in // _STRETCH_DELAY_DIVISOR, _STRETCH_DELAY_MIN))
        self._convert = None if rate_in == rate_out else av.AudioResampler(format="flt", layout="mono", rate=rate_out)
        self._converted = _Fifo(_RATE_DELAY)

    def push(self, turn_N: Samples) -> Samples:
        """All samples of one micro-turn, `nominal` of them or a few more or fewer. Returns [M]."""
        if len(turn_N) != self.nominal or self._stretch is not None:
            turn_N = self._stretched.exchange(self._stretch_turn(turn_N), self.nominal)
        if self._convert is None:
            return turn_N
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(turn_N)[None, :], format="flt", layout="mono")
        frame.sample_rate = self.rate_in
        made = [made.to_ndarray()[0] for made in self._convert.resample(frame)]
        return self._converted.exchange(np.concatenate(made) if made else np.zeros(0, np.float32), self._wanted)

    def _stretch_turn(self, turn_N: Samples) -> Samples:
        if self._stretch is None:
            widest = self.rate_in * (1 + MAX_STRETCH)
            self._stretch = soxr.ResampleStream(widest, self.rate_in, 1, dtype="float32", quality="HQ", vr=True)
        self._stretch.set_io_ratio(len(turn_N), self.nominal)
        return self._stretch.resample_chunk(turn_N)
