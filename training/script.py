"""Random conversations: requests, chatter, stops and long quiet, as varied as they will be in use."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from training import tasks, vocab
from training.clips import Clip
from training.tasks import Kind
from training.timeline import FRAMES_PER_TURN, TURN_MS, Standing, Timeline

_SECOND = 1000 // 20  # frames
_TEXT_SHARE = 0.25
_PREFIX_SHARE = 0.25
_PREFIXES = (
    "please say it when you hear it",
    "we like it now",
    "remind me every morning please",
    "you say the word when you know it",
    "okay",
    "you can say it now please",
    "in the evening it is very nice",
)


@dataclass(slots=True)
class Pool:
    """Clips by kind, and chatter by its last word, so that a cue can be found."""

    by_kind: dict[Kind, list[Clip]] = field(default_factory=lambda: defaultdict(list))
    by_cue: dict[str, list[Clip]] = field(default_factory=lambda: defaultdict(list))

    def add(self, clip: Clip) -> None:
        self.by_kind[clip.utterance.kind].append(clip)
        last = clip.utterance.words.split()[-1]
        if clip.utterance.kind is Kind.CHATTER and last in vocab.CUES:
            self.by_cue[last].append(clip)


class Script:
    """Writes one random timeline of `turns` micro-turns from the clips of a pool."""

    def __init__(self, rng: np.random.Generator, pool: Pool, turns: int) -> None:
        self._rng, self._pool = rng, pool
        self._line = Timeline(turns)
        self._end = turns * FRAMES_PER_TURN
        self._at = self._frames(0.1, 2.5)
        # Busy conversations teach more, calm ones are the usual.
        self._pace = 0.3 if turns < 100 else 1.0 if rng.random() < 0.35 else 0.5

    def write(self) -> Timeline:
        rng, line = self._rng, self._line
        self._add_prefix()
        if self._pace < 0.5 and rng.random() < 0.8:
            self._ask()
        while self._at < self._end:
            active = line.active
            if active is not None:
                self._live_with(active)
            elif rng.random() < 0.74:
                self._ask()
            elif rng.random() < 0.7:
                self._chat_until(self._at + self._quiet(2, 9), gap=(0.05, 2.0))
            else:
                self._at += self._quiet(2, 12)
        line.finish()
        return line

    def _add_prefix(self) -> None:
        rng, line = self._rng, self._line
        if rng.random() >= _PREFIX_SHARE:
            return
        if rng.random() < 0.3:
            utterance = tasks.request(rng, Kind.CUE)
            line.prefix = vocab.encode(utterance.words)
            line.standings.append(Standing(utterance=utterance, first=-1, kept=-1))
        else:
            line.prefix = vocab.encode(str(rng.choice(_PREFIXES)))

    def _ask(self) -> None:
        kind = (Kind.EVERY, Kind.IN, Kind.CUE)[int(self._rng.choice(3, p=(0.38, 0.22, 0.40)))]
        self._give(kind)
        active = self._line.active
        if active is not None:  # nothing is said over a request until it has been understood
            self._at = max(self._at, (active.kept + 1) * FRAMES_PER_TURN)

    def _give(self, kind: Kind) -> None:
        """A request or stop, by speech or by text."""
        rng, line = self._rng, self._line
        if rng.random() < _TEXT_SHARE:
            utterance = tasks.stop(rng) if kind is Kind.STOP else tasks.request(rng, kind)
            self._at = (line.read(utterance, self._at // FRAMES_PER_TURN + 1) + 1) * FRAMES_PER_TURN
        else:
            clip, other = (self._draw(self._pool.by_kind[kind]) for _ in range(2))
            busy = self._pace < 1 and other.utterance.tenths < clip.utterance.tenths
            self._hear(other if busy else clip)

    def _live_with(self, active: Standing) -> None:
        rng, asked = self._rng, active.utterance
        if asked.kind is Kind.CUE:
            self._chat_until(self._at + self._frames(8, 40), gap=(0.05, 3.0 * self._pace), cue=asked.cue)
        elif asked.kind is Kind.EVERY:
            self._wait(self._at + int(self._pace * rng.uniform(2.4, 8.0) * asked.tenths / 10 * _SECOND))
        elif asked.tenths < 60 or rng.random() < 0.85:
            self._wait((active.due(1) + 1) * FRAMES_PER_TURN)
            self._line.expire(active)
            self._at += self._quiet(1, 6)
            return
        else:
            self._wait(self._at + int(rng.uniform(0.1, 0.4) * asked.tenths / 10 * _SECOND))
        self._give(Kind.STOP)
        self._at += self._frames(0.3, 2)
        if rng.random() < 0.5:
            until = self._at + self._quiet(2, 10)
            self._chat_until(until, gap=(0.05, 2.0), cue=asked.cue if rng.random() < 0.5 else "")
        else:
            self._at += self._quiet(1, 9)

    def _wait(self, until: int) -> None:
        """Quiet, or chatter on and off."""
        if self._rng.random() < 0.5:
            self._at = max(self._at, until)
            return
        self._chat_until(until, gap=(0.3, 5.0))
        self._at = max(self._at, until)

    def _chat_until(self, until: int, gap: tuple[float, float], cue: str = "") -> None:
        cue_share = self._rng.uniform(0.15, 0.5) if cue else 0.0
        while self._at < min(until, self._end):
            clips = self._pool.by_cue[cue] if self._rng.random() < cue_share else self._pool.by_kind[Kind.CHATTER]
            self._hear(self._draw(clips))
            self._at += self._frames(*gap)

    def _hear(self, clip: Clip) -> None:
        frames = int(len(clip.mel) * self._rng.uniform(0.87, 1.15))
        self._at = self._line.hear(clip, self._at, frames)
        if clip.utterance.kind is not Kind.CHATTER:
            self._at += 400 * FRAMES_PER_TURN // TURN_MS

    def _draw(self, clips: list[Clip]) -> Clip:
        return clips[int(self._rng.integers(len(clips)))]

    def _quiet(self, low_s: float, high_s: float) -> int:
        """A pause that depends on the pace of the conversation."""
        return int(self._pace * self._frames(low_s, high_s))

    def _frames(self, low_s: float, high_s: float) -> int:
        return int(self._rng.uniform(low_s, high_s) * _SECOND)
