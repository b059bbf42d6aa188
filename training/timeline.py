"""A conversation as a score: what is heard when, and what a perfect model says in which micro-turn.

Time is counted in frames (20 ms) for sound and in micro-turns `k` (200 ms, ten frames) for everything else.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from training import vocab
from training.clips import Clip
from training.sights.reel import Event
from training.tasks import SIGHTS, STANDING, Kind, Utterance

FRAME_MS = 20
TURN_MS = 200
FRAMES_PER_TURN = TURN_MS // FRAME_MS
TEXT_PER_TURN = 4
UNDERSTOOD_MS = 300  # a request may go on ("say drink" … "water"), so its end is believed after this much silence
ANSWERED_MS = 200  # a question is over sooner
HEARD_MS = 100  # a cue word is complete at once
SOUNDED_MS = 300  # a knock may be followed by another
# Reminders count from the end of the request, not from its keep, and leave one micro-turn after they were chosen.
LEAD_TURNS = 3
TALK_TURNS = 3  # from one number to the next when counting aloud
YIELD_TURNS = 1  # what is still said after somebody began to speak
END = 1 << 30
Shot = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Placed:
    """A clip as mixed: frames [start, end). aside: its words are not for the model to hear (an echo, a far talker)."""

    clip: Clip
    start: int
    end: int
    gain_db: float = 0.0
    aside: bool = False


@dataclass(slots=True, kw_only=True)
class Standing:
    """A request in force in the micro-turns (kept, released). first: where its words begin; -1: it is in the prefix.

    pins: how many requests are pinned for it, itself and those that it changed. heard: how often its cue was heard.
    """

    utterance: Utterance
    first: int
    kept: int
    released: int = END
    pins: int = 1
    heard: int = 0

    def due(self, index: int) -> int:
        """The micro-turn of the index-th (from 1) timed answer: half-way cases go up."""
        return self.kept - LEAD_TURNS + (self.utterance.tenths * index + 1) // 2

    def answer(self) -> tuple[int, ...]:
        """What is said next."""
        if self.utterance.kind in (Kind.COUNT, Kind.REPS):
            return vocab.encode(vocab.number(self.heard + 1))
        return vocab.encode(self.utterance.say)


@dataclass(frozen=True, slots=True)
class Talk:
    """Counting aloud in the micro-turns [first, last], to a number asked for."""

    first: int
    last: int
    number: int


@dataclass(slots=True)
class Timeline:
    """Built in order of time by `hear`, `read`, `see` and what they cause.

    camera: the picture of a micro-turn, [S, S, 3], and what is to be seen in it: rows of a scene's track and stance.
    """

    turns: int
    prefix: tuple[int, ...] = ()
    placed: list[Placed] = field(default_factory=list)
    text: dict[int, tuple[int, ...]] = field(default_factory=dict)
    camera: dict[int, Shot] = field(default_factory=dict)
    out: dict[int, tuple[int, ...]] = field(default_factory=dict)
    standings: list[Standing] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    whole: list[tuple[int, int]] = field(default_factory=list)  # spans of micro-turns that no context may cut
    goes: list[int] = field(default_factory=list)  # the frames at which a "go" ended

    @property
    def went(self) -> int:
        """The frame at which the last "go" ended; -1: there was none."""
        return self.goes[-1] if self.goes else -1

    @property
    def active(self) -> Standing | None:
        last = self.standings[-1] if self.standings else None
        return last if last is not None and last.released == END else None

    def hear(self, clip: Clip, start: int, frames: int) -> int:
        """Places a clip at frame `start`, stretched to `frames`; returns its end."""
        end = start + frames
        self.placed.append(Placed(clip, start, end))
        asked = clip.utterance
        cut_off = self._make_way(asked.kind, start // FRAMES_PER_TURN, end // FRAMES_PER_TURN)
        if asked.kind is Kind.CHATTER:
            self._hear_cue(asked, end)
            if asked.words == "go":
                self.goes.append(end)
        elif asked.kind is not Kind.BACK:
            pause = UNDERSTOOD_MS if asked.kind in (*STANDING, *SIGHTS, Kind.STOP, Kind.CHANGE) else ANSWERED_MS
            understood = (end * FRAME_MS + pause) // TURN_MS
            self._understand(asked, start // FRAMES_PER_TURN, understood, end, cut_off)
        return end

    def read(self, utterance: Utterance, k: int) -> int:
        """Gives an utterance as text from micro-turn k on; returns the micro-turn after which it is over."""
        ids, first = vocab.heard(utterance.words), k
        for start in range(0, len(ids), TEXT_PER_TURN):
            self.text[k] = ids[start : start + TEXT_PER_TURN]
            k += 1
        cut_off = self._make_way(utterance.kind, first, k)
        if utterance.kind not in (Kind.CHATTER, Kind.BACK):
            self._understand(utterance, first, k, k * FRAMES_PER_TURN, cut_off)
        return k

    def instruct(self, utterance: Utterance) -> None:
        """A standing request in the prefix: it is in force from the start."""
        self.prefix = vocab.heard(utterance.words)
        self.standings.append(Standing(utterance=utterance, first=-1, kept=-1))

    def see(self, event: Event, k: int) -> None:
        """Something happens before the camera that can be told from the picture of micro-turn k on."""
        active = self.active
        if active is None or k <= active.kept or not answers(active.utterance, event):
            return
        while k in self.out:
            k += 1
        match event.kind:
            case "start" | "stop":
                self.out[k] = vocab.encode(event.kind)
            case "see" | "light":
                self.out[k] = vocab.encode(event.what)
            case _:
                self.out[k] = active.answer()
                active.heard += 1

    def finish(self) -> None:
        """Drops what lies beyond the end."""
        self.out = {k: ids for k, ids in self.out.items() if k < self.turns}

    def _understand(self, utterance: Utterance, first: int, k: int, end: int, cut_off: bool) -> None:
        match utterance.kind:
            case Kind.STOP:
                self._stop(k)
                if cut_off:
                    self.out[k] = (vocab.TOKEN_ID["<stop>"], *self.out.get(k, ()))
            case Kind.CHANGE:
                self._change(utterance, first, k)
            case Kind.ASK:
                self.out[k] = vocab.encode(utterance.say)
            case Kind.DELEGATE:
                self.out[k] = (vocab.TOKEN_ID["<delegate>"], *vocab.encode(utterance.say))
            case Kind.SINCE:
                seconds = round((end - self.went) * FRAME_MS / 1000)
                self.out[k] = vocab.encode(f"{vocab.number(min(max(seconds, 1), 69))} seconds")
                self.whole.append((self.went // FRAMES_PER_TURN - 3, k))
            case Kind.TALK:
                self._talk(utterance.tenths, k)
                self.whole.append((first, k + TALK_TURNS * utterance.tenths))
            case _:
                self._stand(Standing(utterance=utterance, first=first, kept=k))

    def _stand(self, standing: Standing) -> None:
        asked, k = standing.utterance, standing.kept
        self.standings.append(standing)
        self.out[k] = vocab.encode(vocab.KEEP)
        if asked.kind is Kind.IN:
            self.out[standing.due(1)] = standing.answer() + vocab.encode(vocab.RELEASE) * standing.pins
        elif asked.kind is Kind.EVERY:
            count = (self.turns - k) * 2 // asked.tenths + 1
            self.out.update({standing.due(index): standing.answer() for index in range(1, count + 1)})

    def _change(self, utterance: Utterance, first: int, k: int) -> None:
        """The same phrase at another interval, counted from the end of the change."""
        old = self.active
        if old is None or not old.utterance.tenths or (old.utterance.kind is Kind.IN and k >= old.due(1)):
            return
        old.released = k
        self.out = {turn: ids for turn, ids in self.out.items() if turn < k}
        asked = Utterance(kind=old.utterance.kind, words="", say=old.utterance.say, tenths=utterance.tenths)
        self._stand(Standing(utterance=asked, first=first, kept=k, pins=old.pins + 1))

    def _stop(self, k: int) -> None:
        active = self.active
        if active is None:
            return
        if active.utterance.kind is Kind.IN and k > active.due(1):
            self.expire(active)
        else:
            self.release(active, k)

    def _talk(self, last: int, k: int) -> None:
        self.talks.append(Talk(k, k + TALK_TURNS * (last - 1), last))
        self.out.update({k + TALK_TURNS * index: vocab.encode(vocab.number(index + 1)) for index in range(last)})

    def _make_way(self, kind: Kind, first: int, last: int) -> bool:
        """Somebody speaks in the micro-turns [first, last] while the model counts: it waits, then goes on or not.

        Returns whether it was cut off for good.
        """
        if not self.talks or first > self.talks[-1].last:
            return False
        talk = self.talks[-1]
        held = {k: ids for k, ids in self.out.items() if k > first + YIELD_TURNS}
        self.out = {k: ids for k, ids in self.out.items() if k not in held}
        if kind is not Kind.BACK:
            self.talks[-1] = replace(talk, last=first + YIELD_TURNS)
            return bool(held)
        if held:
            later = max(0, last + 1 - min(held))
            self.out.update({k + later: ids for k, ids in held.items()})
            self.talks[-1] = replace(talk, last=talk.last + later)
        return False

    def _hear_cue(self, utterance: Utterance, end: int) -> None:
        active = self.active
        if active is None or not active.utterance.cue or active.utterance.kind in SIGHTS:
            return
        if (utterance.cue or utterance.words.rpartition(" ")[2]) == active.utterance.cue:
            pause = SOUNDED_MS if utterance.cue else HEARD_MS
            self.out[(end * FRAME_MS + pause) // TURN_MS] = active.answer()
            active.heard += 1

    def release(self, standing: Standing, k: int) -> None:
        """Ends a standing request by a stop understood in micro-turn k: nothing is due from k on."""
        standing.released = k
        self.out = {turn: ids for turn, ids in self.out.items() if turn < k}
        self.out[k] = vocab.encode(vocab.RELEASE) * standing.pins

    def expire(self, standing: Standing) -> None:
        """A one-shot that has been said stands no longer."""
        standing.released = standing.due(1)


def answers(asked: Utterance, event: Event) -> bool:
    """Whether a standing request is for this: `cue` names the motion, `say` the thing or the colour."""
    match asked.kind:
        case Kind.REPS:
            return event.kind == "repetition" and event.what == asked.cue
        case Kind.ACTS:
            return event.kind in ("start", "stop") and event.what == asked.cue
        case Kind.SEE:
            return event.kind == "see" and event.what == asked.say
        case Kind.LOOK:
            return event.kind == "see"
        case Kind.LIGHT:
            return event.kind == "light" and event.what == asked.say
        case _:
            return False
