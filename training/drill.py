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
    asked = line.read(tasks.request(rng, Kind.EVERY if rng.random() < 0.6 else Kind.IN), int(rng.integers(0, 12)))
    standing = line.standings[-1]
    draw = rng.random()
    if draw < 0.15:
        asked = line.read(tasks.change(rng), asked + int(rng.integers(4, 40)))
    elif draw < 0.3:  # an answer in between, which the interval is not counted from
        line.read(tasks.ask(rng), asked + int(rng.integers(4, 60)))
    elif draw < 0.4:
        line.read(tasks.stop(rng), asked + int(rng.integers(4, 60)))
    standing = line.standings[-1]
    due = standing.due(1 if standing.utterance.kind is Kind.IN else int(rng.integers(1, 4)))
    line.finish()
    views.mistime(rng, line, EARLY / 2, LATE / 2)
    start = max(0, min(due - int(rng.integers(3, TAIL - 2)), line.turns - TAIL))
    for first, last in [(each.first, each.kept) for each in line.standings]:  # never cut in two
        if start in range(first, last + 1):
            start = first
    pins = views.pins_at(rng, line, start)
    cut = views.Cut(pins=pins, start=start, stop=min(start + TAIL, line.turns), k_offset=int(rng.integers(0, 18000)))
    return views.view(line, render(rng, line, Room()), cut, DRILL.tokens, frozenset())
