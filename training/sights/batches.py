"""Random rows with pictures."""

from __future__ import annotations

import numpy as np

from training import views
from training.batches import EARLY, LATE, TRUNCATED, Shape, fill_with_speech
from training.mixing import Room, render
from training.script import Pool, Script
from training.sights.store import Reels
from training.sights.watching import Watching, beside
from training.tasks import Kind
from training.timeline import Timeline

TURNS, DENSE_TURNS = 64, 40
SIGHTS = Shape(tokens=520, audio=2 * TURNS, pictures=TURNS)
LONG = Shape(tokens=1240, audio=2 * 200, pictures=177)
DENSE_SIGHTS = Shape(tokens=7 * DENSE_TURNS, audio=2 * DENSE_TURNS, pictures=DENSE_TURNS)
_SPOKEN = 0.7  # of the rows for learning to see have speech too
_BESIDE = 0.12  # of the rows have a camera that has nothing to do with what is said


def sight_view(rng: np.random.Generator, pool: Pool, reels: Reels) -> views.View:
    """A request at once and what is seen of it."""
    line = _written(rng, pool, reels, TURNS)
    forced = views.coalesce(rng, line, 0.01 if rng.random() < 0.3 else 0.0) | views.mistime(rng, line, EARLY, LATE)
    cut_short = views.truncate(rng, line, TRUNCATED)
    cut = views.Cut(pins=(), start=0, stop=TURNS, k_offset=int(rng.integers(0, 18000)))
    return views.view(line, render(rng, line, Room()), cut, SIGHTS.tokens, forced, cut_short)


def long_sight_view(rng: np.random.Generator, pool: Pool, reels: Reels) -> views.View:
    turns = 170 if rng.random() < 0.5 else int(rng.integers(200, 360))
    line = _written(rng, pool, reels, turns)
    mute = views.coalesce(rng, line, 0.015 if rng.random() < 0.5 else 0.0, behind=0.08)
    mute |= views.mistime(rng, line, EARLY, LATE)
    cut_short = views.truncate(rng, line, TRUNCATED)
    codes = render(rng, line, Room())
    cut = views.choose_cut(rng, line, whole_share=0.2, due_share=0.0)
    return views.view(line, codes, cut, LONG.tokens, mute | _unknown(line, cut), cut_short)


def dense_sight_view(rng: np.random.Generator, pool: Pool, reels: Reels) -> views.View:
    """For learning to see without forgetting to hear: part of a scene, then of another, and speech or noise."""
    line, k = Timeline(DENSE_TURNS), 0
    if pool.all and rng.random() < _SPOKEN:
        fill_with_speech(rng, pool, line)
    while k < DENSE_TURNS and (reel := reels.draw(rng)):
        first = int(rng.integers(reel.scene.rest - 3, max(reel.scene.rest, len(reel.scene) - 24)))
        pictures = reels.pictures(rng, reel, first, DENSE_TURNS - k)
        for index in range(len(pictures)):
            line.camera[k + index] = (
                pictures[index],
                *(told[first + index] for told in (reel.scene.track_KC, reel.scene.stance_KQ)),
            )
        k += len(pictures)
    cut = views.Cut(pins=(), start=0, stop=DENSE_TURNS, k_offset=int(rng.integers(0, 18000)))
    return views.view(line, render(rng, line, Room()), cut, DENSE_SIGHTS.tokens, frozenset())


def _written(rng: np.random.Generator, pool: Pool, reels: Reels, turns: int) -> Timeline:
    if rng.random() >= _BESIDE:
        return Watching(rng, pool, turns, reels).write()
    line = Script(rng, pool, turns).write()
    beside(rng, line, reels)
    return line


def _unknown(line: Timeline, cut: views.Cut) -> frozenset[int]:
    """Where a count goes on whose last number is out of sight: nobody could know it."""
    firsts = (
        next((k for k in sorted(line.out) if max(cut.start, standing.kept + 1) <= k < standing.released), None)
        for standing in line.standings
        if standing.utterance.kind is Kind.REPS and standing.kept < cut.start
    )
    return frozenset(k for k in firsts if k is not None)
