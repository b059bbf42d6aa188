"""A conversation as a score: what is heard when, and what a perfect model says in which micro-turn.

Time is counted in frames (20 ms) for sound and in micro-turns `k` (200 ms, ten frames) for everything else.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from training import vocab
from training.clips import Clip
from training.tasks import Kind, Utterance

FRAME_MS = 20
TURN_MS = 200
FRAMES_PER_TURN = TURN_MS // FRAME_MS
TEXT_PER_TURN = 4
UNDERSTOOD_MS = 300  # a request may go on ("say drink" … "water"), so its end is believed after this much silence
HEARD_MS = 100  # a cue word is complete at once
# Reminders count from the end of the request, not from its keep, and leave one micro-turn after they were chosen.
LEAD_TURNS = 3


@dataclass(frozen=True, slots=True)
class Placed:
    """A clip as mixed: frames [start, end)."""

    clip: Clip
    start: int
    end: int


@dataclass(slots=True, kw_only=True)
class Standing:
    """A request in force in the micro-turns (kept, released). first: where its words begin; -1: it is in the prefix."""

    utterance: Utterance
    first: int
    kept: int
    released: int = 1 << 30

    def due(self, index: int) -> int:
        """The micro-turn of the index-th (from 1) timed answer: half-way cases go up."""
        return self.kept - LEAD_TURNS + (self.utterance.tenths * index + 1) // 2


@dataclass(slots=True)
class Timeline:
    """Built in order of time by `hear`, `read` and the answers they cause."""

    turns: int
    prefix: tuple[int, ...] = ()
    placed: list[Placed] = field(default_factory=list)
    text: dict[int, tuple[int, ...]] = field(default_factory=dict)
    out: dict[int, tuple[int, ...]] = field(default_factory=dict)
    standings: list[Standing] = field(default_factory=list)

    @property
    def active(self) -> Standing | None:
        last = self.standings[-1] if self.standings else None
        return last if last is not None and last.released == 1 << 30 else None

    def hear(self, clip: Clip, start: int, frames: int) -> int:
        """Places a clip at frame `start`, stretched to `frames`; returns its end."""
        end = start + frames
        self.placed.append(Placed(clip, start, end))
        if clip.utterance.kind is Kind.CHATTER:
            self._hear_cue(clip.utterance, end)
        else:
            understood = (end * FRAME_MS + UNDERSTOOD_MS) // TURN_MS
            self._understand(clip.utterance, start // FRAMES_PER_TURN, understood)
        return end

    def read(self, utterance: Utterance, k: int) -> int:
        """Gives an utterance as text from micro-turn k on; returns the micro-turn after which it is over."""
        ids, first = vocab.encode(utterance.words), k
        for start in range(0, len(ids), TEXT_PER_TURN):
            self.text[k] = ids[start : start + TEXT_PER_TURN]
            k += 1
        if utterance.kind is not Kind.CHATTER:
            self._understand(utterance, first, k)
        return k

    def finish(self) -> None:
        """Drops what lies beyond the end."""
        self.out = {k: ids for k, ids in self.out.items() if k < self.turns}

    def _understand(self, utterance: Utterance, first: int, k: int) -> None:
        active = self.active
        if utterance.kind is Kind.STOP:
            if active is None:
                return
            if active.utterance.kind is Kind.IN and k > active.due(1):
                self.expire(active)
            else:
                self.release(active, k)
            return
        standing = Standing(utterance=utterance, first=first, kept=k)
        self.standings.append(standing)
        self.out[k] = vocab.encode(vocab.KEEP)
        say = vocab.encode(utterance.say)
        if utterance.kind is Kind.IN:
            self.out[standing.due(1)] = say + vocab.encode(vocab.RELEASE)
        elif utterance.kind is Kind.EVERY:
            count = (self.turns - k) * 2 // utterance.tenths + 1
            self.out.update({standing.due(index): say for index in range(1, count + 1)})

    def _hear_cue(self, utterance: Utterance, end: int) -> None:
        active = self.active
        if active is not None and active.utterance.cue and utterance.words.split()[-1] == active.utterance.cue:
            self.out[(end * FRAME_MS + HEARD_MS) // TURN_MS] = vocab.encode(active.utterance.say)

    def release(self, standing: Standing, k: int) -> None:
        """Ends a standing request by a stop understood in micro-turn k: nothing is due from k on."""
        standing.released = k
        self.out = {turn: ids for turn, ids in self.out.items() if turn < k}
        self.out[k] = vocab.encode(vocab.RELEASE)

    def expire(self, standing: Standing) -> None:
        """A one-shot that has been said stands no longer."""
        standing.released = standing.due(1)
