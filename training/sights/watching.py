"""Conversations before a camera: somebody asks to be watched or to be told, and then it happens, or does not."""

from __future__ import annotations

import numpy as np

from training import tasks
from training.clips import Clip
from training.script import Pool, Script
from training.sights.reel import Event, Scene
from training.sights.store import Reel, Reels
from training.tasks import SIGHTS, Kind, Utterance
from training.timeline import FRAMES_PER_TURN, Timeline, answers

_SHARES = (0.3, 0.28, 0.17, 0.1, 0.15)
_SCENES = {Kind.REPS: "exercise", Kind.ACTS: "act", Kind.SEE: "appear", Kind.LOOK: "appear", Kind.LIGHT: "light"}
_NEVER = 0.22  # of the requests are for what does not happen
_TEXT_SHARE = 0.3
_THINNED = 0.12
_TRIES = 20  # for a request that a reel at hand fits


class Watching(Script):
    """A timeline of scenes, one request each. Pictures are missing at random, in some conversations often; in some
    from a certain time on only every second or fifth comes, as the ladder thins them.
    """

    def __init__(self, rng: np.random.Generator, pool: Pool, turns: int, reels: Reels) -> None:
        super().__init__(rng, pool, turns)
        self._reels = reels
        if turns < 100:
            self._at = self._frames(0.1, 1.2)
        lost = rng.uniform(0.02, 0.4) if rng.random() < 0.25 else 0.0
        self._shot_K = rng.random(turns + 1) >= lost
        if rng.random() < _THINNED:
            kept, since = int(rng.choice((2, 5))), int(rng.integers(turns))
            self._shot_K[since:] &= np.arange(since, turns + 1) % kept == 0

    def write(self) -> Timeline:
        line = self._line
        while self._at < self._end:
            self._scene()
            if line.active is not None and self._at < self._end:
                self._give(Kind.STOP)
            self._at += self._quiet(0.5, 4)
        line.finish()
        self._surround()
        return line

    def _scene(self) -> None:
        """From a request to the end of what is shown."""
        rng, line = self._rng, self._line
        start = self._at // FRAMES_PER_TURN if line.camera else 0
        never = rng.random() < _NEVER
        for _ in range(_TRIES):
            clip, asked = self._request()
            reel = self._reel(asked, never)
            if reel is not None:
                break
        else:
            return
        self._ask_for(asked, clip)
        begin = max(line.standings[-1].kept + 1, self._at // FRAMES_PER_TURN) + int(rng.integers(0, 11))
        last = self._roll(reel, start, begin, self._entry(reel.scene, asked))
        until = (last if rng.random() < 0.8 else int(rng.integers(begin, last + 1))) * FRAMES_PER_TURN
        if rng.random() < 0.35:
            self._chat_until(until, gap=(0.3, 6.0))
        self._at = max(self._at, until)
        self._rest(reel, last, line.turns)

    def _request(self) -> tuple[Clip | None, Utterance]:
        """As a clip or, without one, as text."""
        kind = SIGHTS[int(self._rng.choice(len(SIGHTS), p=_SHARES))]
        clips = self._pool.by_kind[kind]
        if not clips or self._rng.random() < _TEXT_SHARE:
            return None, tasks.sight(self._rng, kind)
        clip = self._draw(clips)
        return clip, clip.utterance

    def _ask_for(self, asked: Utterance, clip: Clip | None) -> None:
        rng, line = self._rng, self._line
        if clip:
            self._hear(clip)
        elif not line.camera and not line.placed and rng.random() < 0.15:
            line.instruct(asked)
        else:
            self._at = (line.read(asked, self._at // FRAMES_PER_TURN + 1) + 1) * FRAMES_PER_TURN

    def _reel(self, asked: Utterance, never: bool) -> Reel | None:
        """One in which it happens, or never does."""
        rng, kind = self._rng, _SCENES[asked.kind]
        if not never:
            return self._reels.draw(rng, lambda scene: scene.kind == kind and _answers(scene, asked))
        people = kind in ("exercise", "act") and rng.random() < 0.3
        kinds = ("exercise", "act") if people else (kind,)

        def fits(scene: Scene) -> bool:
            return scene.kind in kinds and asked.cue not in scene.shown and not _answers(scene, asked)

        return self._reels.draw(rng, fits)

    def _entry(self, scene: Scene, asked: Utterance) -> int:
        """The picture to go on with after those at rest: often past what comes before what was asked for."""
        wanted = next((event.k for event in scene.events if answers(asked, event)), 0)
        if "walks" in scene.shown or self._rng.random() < 0.3:
            return scene.rest
        still_K = (scene.track_KC == scene.track_KC[0]).all(axis=1)
        entries = [scene.rest, *(k for k in range(scene.rest + 1, wanted) if still_K[k - 1] and still_K[k])]
        return entries[int(self._rng.integers(len(entries)))]

    def _roll(self, reel: Reel, start: int, begin: int, first: int) -> int:
        """Shows a reel: at rest from micro-turn `start`, its pictures from `first` on from `begin`. Returns its end."""
        rng, scene, line = self._rng, reel.scene, self._line
        pictures = self._reels.pictures(rng, reel)
        for k in range(start, begin):
            self._show(k, pictures, scene, scene.rest - 1 - _to_and_fro(begin - 1 - k, scene.rest))
        self._pictures = pictures
        if rng.random() < 0.08:  # nothing happens at all
            for k in range(begin, begin + (length := int(rng.integers(20, 60)))):
                self._show(k, pictures, scene, scene.rest - 1 - _to_and_fro(k - begin, scene.rest))
            return begin + length
        while True:
            for index in range(first, len(scene)):
                self._show(begin + index - first, pictures, scene, index)
            for event in scene.events:
                if event.k >= first:
                    self._tell(event, begin + event.k - first)
            begin, first = begin + len(scene) - first, scene.rest
            if scene.kind not in ("exercise", "light") or begin > line.turns or rng.random() < 0.5:
                break
        return begin

    def _rest(self, reel: Reel, start: int, stop: int) -> None:
        """The end of a reel goes to and fro until the next scene."""
        for k in range(start, stop):
            self._show(k, self._pictures, reel.scene, len(reel.scene) - 1 - _to_and_fro(k - start, 4))

    def _show(self, k: int, pictures: np.ndarray, scene: Scene, index: int) -> None:
        if k < self._line.turns and self._shot_K[k]:
            self._line.camera[k] = (pictures[index], scene.track_KC[index], scene.stance_KQ[index])
        elif k < self._line.turns:
            self._line.camera.pop(k, None)

    def _tell(self, event: Event, k: int) -> None:
        """It is seen in the first picture from micro-turn k on."""
        while k < self._line.turns and not self._shot_K[k]:
            k += 1
        self._line.see(event, k)


def beside(rng: np.random.Generator, line: Timeline, reels: Reels) -> None:
    """A camera that has nothing to do with what is said."""
    k = 0
    while k < line.turns and (reel := reels.draw(rng)):
        pictures = reels.pictures(rng, reel)
        for index in range(min(len(pictures), line.turns - k)):
            line.camera[k + index] = (pictures[index], reel.scene.track_KC[index], reel.scene.stance_KQ[index])
        k += len(pictures)


def _answers(scene: Scene, asked: Utterance) -> bool:
    return any(answers(asked, event) for event in scene.events) and (scene.lit != asked.say or not scene.lit)


def _to_and_fro(steps: int, length: int) -> int:
    """0, 1, … length - 1, length - 2, … 0, 1, …"""
    at = steps % max(1, 2 * length - 2)
    return min(at, 2 * length - 2 - at)
