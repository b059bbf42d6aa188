"""Rows on nothing but time: a typed request, a long quiet, and the moment something is due.

A conversation has one or two such moments in half a minute of speech. What has to be read there, how long ago the
session spoke against how long it was to wait, is learned from many of them and needs no ears.
"""

from __future__ import annotations

import numpy as np

from training import tasks, views
from training.batches import EARLY, LATE, Shape
from training.mixing import Room, render
from training.tasks import Kind
from training.timeline import Timeline

TAIL = 40  # micro-turns that are learned from
DRILL = Shape(232, 2 * (TAIL + views.PINS_MAX))


def drill_view(rng: np.random.Generator) -> views.View:
    line = Timeline(440)
    first = int(rng.integers(0, 12))
    read = line.read(tasks.request(rng, Kind.EVERY if rng.random() < 0.6 else Kind.IN), first)
    typed = [(first, read)]
    draw = rng.random()
    if draw < 0.4:
        # another interval, an answer in between which none is counted from, or the end of it
        more = tasks.change(rng) if draw < 0.15 else tasks.ask(rng) if draw < 0.3 else tasks.stop(rng)
        first = read + int(rng.integers(4, 40))
        typed.append((first, line.read(more, first)))
    standing = line.standings[-1]
    dues = [standing.due(index) for index in range(1, 2 if standing.utterance.kind is Kind.IN else 4)]
    due = int(rng.choice([each for each in dues if each < line.turns - 2] or [typed[-1][1]]))
    line.finish()
    forced = views.mistime(rng, line, EARLY / 2, LATE / 2)
    start = max(0, min(due - int(rng.integers(3, TAIL - 2)), line.turns - TAIL))
    for first, last in typed:  # never cut in two
        if start in range(first, last + 1):
            start = first
    pins = views.pins_at(rng, line, start)
    cut = views.Cut(pins=pins, start=start, stop=min(start + TAIL, line.turns), k_offset=int(rng.integers(0, 18000)))
    return views.view(line, render(rng, line, Room()), cut, DRILL.tokens, forced)
