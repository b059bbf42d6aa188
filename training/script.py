"""Random conversations: requests, chatter, stops and long quiet, as varied as they will be in use."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from training import tasks, vocab
from training.clips import Clip
from training.tasks import Kind
from training.timeline import FRAMES_PER_TURN, TURN_MS, Placed, Standing, Timeline

_SECOND = 1000 // 20  # frames
_TEXT_SHARE = 0.35
_MONOLOGUE = (0.4, (0.02, 0.25))  # how often somebody talks on and on, and the seconds between the sentences then
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


# In a run of random words these may ask for something by chance.
_ASKING = frozenset(
    vocab.words_of(
        "say remind count make change stop seconds what which who how tell find look search cancel never enough"
    )
)
_OFFERS = {
    **{Kind.EVERY: 0.21, Kind.IN: 0.16, Kind.CUE: 0.16, Kind.SOUND: 0.08, Kind.COUNT: 0.07},
    **{Kind.ASK: 0.13, Kind.TALK: 0.06, Kind.DELEGATE: 0.08, Kind.SINCE: 0.08},
}


@dataclass(slots=True)
class Pool:
    """Clips by kind, chatter by its last word, so that a cue can be found, sounds by name; `all` is for dense speech.

    voice: the model's own, word by word, as it comes back into the microphone.
    """

    by_kind: dict[Kind, list[Clip]] = field(default_factory=lambda: defaultdict(list))
    by_cue: dict[str, list[Clip]] = field(default_factory=lambda: defaultdict(list))
    all: list[Clip] = field(default_factory=list)
    music: list[Clip] = field(default_factory=list)
    voice: dict[str, Clip] = field(default_factory=dict)

    def add(self, clip: Clip, wide: bool = False) -> None:
        asked = clip.utterance
        self.all.append(clip)
        if asked.kind is Kind.CHATTER and wide and _ASKING & set(asked.words.split()):
            return
        self.by_kind[asked.kind].append(clip)
        last = asked.words.rpartition(" ")[2]
        if asked.kind is Kind.CHATTER and last in (*vocab.ASKED_CUES, "go"):
            self.by_cue[last].append(clip)

    def add_effect(self, clip: Clip) -> None:
        self.by_cue[clip.utterance.cue].append(clip)


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
        if self._pace < 0.5 and rng.random() < 0.65:
            self._ask()
        while self._at < self._end:
            active = line.active
            if active is not None:
                self._live_with(active)
            elif rng.random() < 0.6:
                self._ask()
            elif rng.random() < 0.7:
                self._chat_until(self._at + self._quiet(2, 9), gap=(0.05, 2.0))
            else:
                self._at += self._quiet(2, 12)
        line.finish()
        self._surround()
        return line

    def _add_prefix(self) -> None:
        rng, line = self._rng, self._line
        if rng.random() >= _PREFIX_SHARE:
            return
        if rng.random() < 0.3:
            line.instruct(tasks.request(rng, Kind.CUE))
        else:
            line.prefix = vocab.heard(str(rng.choice(_PREFIXES)))

    def _ask(self) -> None:
        kinds = [kind for kind in _OFFERS if self._pool.by_kind[kind]]
        shares = np.array([_OFFERS[kind] for kind in kinds])
        kind = kinds[int(self._rng.choice(len(kinds), p=shares / shares.sum()))]
        if kind is Kind.SINCE:
            self._since()
        elif kind is Kind.TALK:
            self._talk()
        elif kind in (Kind.ASK, Kind.DELEGATE):
            self._give(kind)
            self._at += self._frames(1.2, 3.0)
        else:
            self._give(kind)
        active = self._line.active
        if active is not None:  # nothing is said over a request until it has been understood
            self._at = max(self._at, (active.kept + 1) * FRAMES_PER_TURN)

    def _since(self) -> None:
        rng, gone = self._rng, [clip for clip in self._pool.by_cue["go"] if clip.utterance.words == "go"]
        if not gone:
            return
        self._hear(self._draw(gone))
        until = self._line.went + self._frames(2.0, 11.0 if rng.random() < 0.6 else 19.0)
        if rng.random() < 0.4:
            self._chat_until(until - _SECOND, gap=(0.3, 4.0))
        asked = self._draw(self._pool.by_kind[Kind.SINCE])
        self._at = max(self._at, until - len(asked.mel))
        self._hear(asked)
        self._at += self._frames(1.2, 3.0)

    def _talk(self) -> None:
        """Counting aloud, often with a word in between."""
        rng, line = self._rng, self._line
        self._give(Kind.TALK)
        talk = line.talks[-1]
        while line.talks[-1].last * FRAMES_PER_TURN > self._at and rng.random() < 0.75:
            earliest = max(self._at, (talk.first + 1) * FRAMES_PER_TURN)
            self._at = int(rng.uniform(earliest, max(earliest + 1, (talk.last + 1) * FRAMES_PER_TURN)))
            kind = (Kind.BACK, Kind.STOP, Kind.ASK)[int(rng.choice(3, p=(0.5, 0.35, 0.15)))]
            if not self._pool.by_kind[kind]:
                break
            self._hear(self._draw(self._pool.by_kind[kind]))
            self._at += self._frames(0.4, 1.5)
        self._at = max(self._at, (line.talks[-1].last + 1) * FRAMES_PER_TURN) + self._frames(1.0, 3.0)

    def _give(self, kind: Kind) -> None:
        """Speaks to the model, by sound or by text."""
        rng, line = self._rng, self._line
        if rng.random() < _TEXT_SHARE:
            self._at = (line.read(tasks.make(rng, kind), self._at // FRAMES_PER_TURN + 1) + 1) * FRAMES_PER_TURN
        else:
            clip, other = (self._draw(self._pool.by_kind[kind]) for _ in range(2))
            busy = self._pace < 1 and other.utterance.tenths < clip.utterance.tenths
            self._hear(other if busy else clip)

    def _live_with(self, active: Standing) -> None:
        rng, asked = self._rng, active.utterance
        if asked.kind in (Kind.CUE, Kind.SOUND, Kind.COUNT):
            self._chat_until(self._at + self._frames(8, 30), gap=(0.05, 3.0 * self._pace), cue=asked.cue)
        elif asked.kind is Kind.EVERY:
            self._wait(self._at + int(self._pace * rng.uniform(2.4, 8.0) * asked.tenths / 10 * _SECOND))
        elif asked.tenths < 60 or rng.random() < 0.7:
            self._wait((active.due(1) + 1) * FRAMES_PER_TURN)
            self._line.expire(active)
            self._at += self._quiet(1, 6)
            return
        else:
            self._wait(self._at + int(rng.uniform(0.1, 0.4) * asked.tenths / 10 * _SECOND))
        if asked.kind is Kind.EVERY and rng.random() < 0.25 and self._pool.by_kind[Kind.CHANGE]:
            self._give(Kind.CHANGE)
            self._at = max(self._at, (self._line.standings[-1].kept + 1) * FRAMES_PER_TURN)
            return
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
        sounds_from = 0.75 if cue in tasks.SOUNDS else 0.95  # whoever waits for one of them has to tell it from others
        if self._rng.random() < _MONOLOGUE[0]:
            gap = _MONOLOGUE[1]
        while self._at < min(until, self._end):
            draw = self._rng.random()
            if draw < cue_share and self._pool.by_cue[cue]:
                clips = self._pool.by_cue[cue]
            elif draw > sounds_from and self._pool.by_cue["beep"]:
                clips = self._pool.by_cue[str(self._rng.choice(tasks.SOUNDS))]
            elif draw > sounds_from - 0.02 and self._pool.by_kind[Kind.BACK]:
                clips = self._pool.by_kind[Kind.BACK]
            else:
                clips = self._pool.by_kind[Kind.CHATTER]
            clip = self._draw(clips)
            if cue and cue in clip.utterance.words.split()[:-1]:
                continue  # only at its end is it known when a word was over
            self._hear(clip)
            self._at += self._frames(*gap)

    def _surround(self) -> None:
        """In some conversations the own voice comes back, somebody talks far away, or music plays."""
        rng, line, pool = self._rng, self._line, self._pool
        if rng.random() < 0.2 and pool.voice:
            loss_db = float(rng.uniform(-36, -14))
            for k, ids in line.out.items():
                at = (k + 2) * FRAMES_PER_TURN
                for word in (vocab.WORDS[token] for token in ids if vocab.WORDS[token] in pool.voice):
                    clip = pool.voice[word]
                    line.placed.append(Placed(clip, at, at + len(clip.mel), gain_db=loss_db, aside=True))
                    at += len(clip.mel)
        if rng.random() < 0.1:
            far_db = float(rng.uniform(-32, -16))
            clips = pool.music if pool.music and rng.random() < 0.4 else pool.all
            at = 0
            while at < self._end:
                clip = self._draw(clips)
                line.placed.append(Placed(clip, at, at + len(clip.mel), gain_db=far_db, aside=True))
                at += len(clip.mel) + int(rng.uniform(0, 60))

    def _hear(self, clip: Clip) -> None:
        frames = int(len(clip.mel) * self._rng.uniform(0.87, 1.15))
        self._at = self._line.hear(clip, self._at, frames)
        if clip.utterance.kind not in (Kind.CHATTER, Kind.BACK):
            self._at += 400 * FRAMES_PER_TURN // TURN_MS

    def _draw(self, clips: list[Clip]) -> Clip:
        return clips[int(self._rng.integers(len(clips)))]

    def _quiet(self, low_s: float, high_s: float) -> int:
        """A pause that depends on the pace of the conversation."""
        return int(self._pace * self._frames(low_s, high_s))

    def _frames(self, low_s: float, high_s: float) -> int:
        return int(self._rng.uniform(low_s, high_s) * _SECOND)
