"""A client's microphone track: payloads in, one feature block per micro-turn out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cluster.errors import MediaError
from cluster.media.codecs import make_decoder
from cluster.media.dmel import Codes, DMelStream, Samples
from cluster.media.drift import Drift
from cluster.media.resample import TurnResampler
from cluster.media.spec import AudioFormat, MediaSpec
from cluster.media.timeline import MediaOutcome, Span, Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnAudio:
    """codes: row-major bytes of [context_frames + frames, mels]. position: media time of the track after it.

    gap: nothing of it ever came. samples: of the timeline that it took; drift makes it differ from the nominal number.
    heard_M: what its features are made of, at their rate.
    """

    codes: bytes
    position: int
    gap: bool
    samples: int
    nominal: int
    heard_M: Samples = field(compare=False, repr=False)

    @property
    def slip(self) -> int:
        """1: silence that was inserted; -1: two micro-turns merged; 0: neither."""
        return (self.samples == 0) - (self.samples == 2 * self.nominal)

    @property
    def stretch_ppm(self) -> int:
        """By how much media was made longer (+) or shorter to fill the micro-turn."""
        return 0 if self.slip else round((self.nominal - self.samples) * 1e6 / self.nominal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """end: timeline sample after which the chunk is used up. ms: what it counts of the credit."""

    end: int
    ms: int
    outcome: MediaOutcome | None = None
    detail: str = ""


class AudioTrack:
    """start: media time where the session's next micro-turn begins."""

    def __init__(self, track: AudioFormat, spec: MediaSpec, *, start: int, window_ms: int, horizon_ms: int) -> None:
        self.format, self._spec = track, spec
        self._decoder = make_decoder(track)
        hz = track.timeline_hz
        self._timeline = Timeline(
            start=start * track.scale, window=hz * window_ms // 1000, horizon=hz * horizon_ms // 1000
        )
        self._drift = Drift(hz, track.turn_samples)
        self._resampler = TurnResampler(hz, spec.dmel.sample_rate)
        self._features = DMelStream(spec.dmel)
        self._context = self._no_context()
        self._wanted = track.turn_samples  # decided when the one before was cut, so that arrival cannot change it

    @property
    def position(self) -> int:
        """Media time up to which the track left."""
        return self._timeline.cursor // self.format.scale

    @property
    def cursor(self) -> int:
        """Timeline samples that left."""
        return self._timeline.cursor

    @property
    def held(self) -> bool:
        """Whether media waits that was not cut."""
        return self._timeline.newest > self._timeline.cursor

    def take(self, media_time: int, data: bytes, arrival_ns: int | None) -> Taken:
        """Raises MediaError where the payload is invalid. arrival_ns None: no wall clock (lockstep), so no drift."""
        length = self._decoder.samples(data)
        start = media_time * self.format.scale
        span = Span(start, start + length)
        ms = span.end * 1000 // self.format.timeline_hz - span.start * 1000 // self.format.timeline_hz
        if refused := self._timeline.refusal(span):
            return Taken(end=self.cursor, ms=ms, outcome=refused)
        try:
            samples_N = self._decoder.decode(data)
        except MediaError as error:
            return Taken(end=self.cursor, ms=ms, outcome=MediaOutcome.UNDECODABLE, detail=str(error))
        outcome = self._timeline.place(span.start, samples_N)
        if arrival_ns is not None:
            self._drift.observe(span.end, arrival_ns)
        return Taken(end=span.end, ms=ms, outcome=outcome)

    def fill(self, *, through: int | None = None) -> list[int]:
        """Fills holes nothing will come for. through: media time the client said it dropped up to.

        Returns the media times where silence now stands.
        """
        end = None if through is None else min(through * self.format.scale, self._timeline.limit)
        return [span.start // self.format.scale for span in self._timeline.fill(through=end)]

    def cut(self) -> TurnAudio | None:
        """The next micro-turn, or None while it is not all there."""
        cut = self._timeline.cut(self._wanted)
        if cut is None:
            return None
        heard_M = self._resampler.push(self._one_turn(cut.samples))
        own_FC = self._features.push(heard_M)
        codes = np.concatenate([self._context, own_FC])
        self._context = codes[len(codes) - self._spec.context_frames :]
        samples, self._wanted = self._wanted, self._drift.next_turn()
        return TurnAudio(
            codes=codes.tobytes(),
            position=self.position,
            gap=cut.silent == len(cut.samples),
            samples=samples,
            nominal=self.format.turn_samples,
            heard_M=heard_M,
        )

    def _one_turn(self, samples_N: Samples) -> Samples:
        """Where drift slips by a micro-turn: an inserted one is silence, of two merged ones the newer stays."""
        nominal = self.format.turn_samples
        if not len(samples_N):
            return np.zeros(nominal, np.float32)
        return samples_N[-nominal:] if len(samples_N) == 2 * nominal else samples_N

    def finish(self) -> list[int]:
        """Nothing more will come: what began is filled up to a whole micro-turn. Returns where silence now stands."""
        timeline = self._timeline
        if timeline.newest <= timeline.cursor:
            return []
        turns = -(-(timeline.newest - timeline.cursor) // self._wanted) if self._wanted else 1
        return [
            span.start // self.format.scale for span in timeline.fill(through=timeline.cursor + turns * self._wanted)
        ]

    def forget_drift(self) -> None:
        """What was learnt of the client's clock is of no use any more: arrival is measured anew."""
        self._drift = Drift(self.format.timeline_hz, self.format.turn_samples)

    def seal(self, turns: int) -> None:
        """The scheduler gave up the next `turns` micro-turns: silence stands there for good."""
        if turns <= 0:
            return
        nominal = self.format.turn_samples
        self._timeline.seal(self.cursor + self._wanted + (turns - 1) * nominal)
        self._wanted = self._drift.next_turn()
        self._features, self._context = DMelStream(self._spec.dmel), self._no_context()

    def _no_context(self) -> Codes:
        return np.zeros((self._spec.context_frames, self._spec.dmel.num_mels), np.uint8)
