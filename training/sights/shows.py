"""Reels in which coloured shapes come and go, or in which a light changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import ImageDraw

from training.sights.canvas import Camera, Picture, camera, sheet
from training.sights.figure import draw_person
from training.sights.people import REST, bystander
from training.sights.reel import LIGHT, SEE, Event, Scene, Shoot, Take, empty_track, nobody
from training.sights.things import (
    COLOURS,
    PAIRS,
    SHAPES,
    TRAFFIC,
    draw_lamp,
    draw_shape,
    draw_traffic,
    tone,
)

LIGHTS = COLOURS[:5]  # no light shines black
Paint = Callable[[ImageDraw.ImageDraw, float], None]


def appear(rng: np.random.Generator) -> Take:
    """One to four shapes, one at a time; half of them share the colour or the shape of the one before."""
    marks, at, pair = [], REST * 0.2 + rng.uniform(0, 0.2), None
    for _ in range(int(rng.integers(1, 5))):
        near = [other for other in PAIRS if pair and (other[0] == pair[0]) != (other[1] == pair[1])]
        pool = near if near and rng.random() < 0.5 else PAIRS
        pair = pool[int(rng.integers(len(pool)))]
        stays = rng.uniform(1.6, 4.4)
        marks.append((pair, at, at + stays, _mark(rng, pair)))
        at += stays + rng.uniform(0.6, 3.0)
    count = int(at / 0.2) + 2
    t_K = np.arange(count) * 0.2 + rng.uniform(0, 0.2)
    track, events = empty_track(count), []
    for (colour, shape), start, stop, _ in marks:
        there = (t_K >= start) & (t_K < stop)
        track[there, 3], track[there, 4] = 1 + COLOURS.index(colour), 1 + SHAPES.index(shape)
        events.append(Event(int(np.argmax(there)), SEE, f"{colour} {shape}"))

    def paint(draw: ImageDraw.ImageDraw, t: float) -> None:
        for _, start, stop, draw_mark in marks:
            if start <= t < stop:
                draw_mark(draw, t - start)

    shown = tuple(dict.fromkeys(" ".join(pair) for pair, *_ in marks))
    scene = Scene(kind="appear", rest=REST, events=tuple(events), shown=shown, track_KC=track, stance_KQ=nobody(count))
    return *_film(rng, t_K, paint), scene


def _mark(rng: np.random.Generator, pair: tuple[str, str]) -> Paint:
    colour, shape = pair
    fill, x, y, radius = tone(rng, colour), rng.uniform(18, 62), rng.uniform(18, 56), rng.uniform(8.5, 19)
    turn, bold, dx, dy = rng.uniform(-0.35, 0.35), rng.uniform(0, 1), rng.uniform(-3, 3), rng.uniform(-2, 2)
    grows = rng.uniform(0.1, 0.5)

    def draw_mark(draw: ImageDraw.ImageDraw, age: float) -> None:
        size = radius * (0.65 + 0.35 * min(1.0, age / grows))
        draw_shape(draw, shape, fill, x + dx * age, y + dy * age, size, turn, bold)

    return draw_mark


def light(rng: np.random.Generator) -> Take:
    """A lamp that changes three to six times and ends as it began; at rest it may be dark."""
    traffic = rng.random() < 0.5
    colours = TRAFFIC if traffic else LIGHTS
    states = list(colours) if traffic and rng.random() < 0.85 else [*colours, ""]
    order = [str(rng.choice(states))]
    for _ in range(int(rng.integers(3, 7))):
        order.append(str(rng.choice([state for state in states if state != order[-1]])))
    if order[-1] != order[0]:
        order.append(order[0])
    times = REST * 0.2 + np.cumsum([rng.uniform(0, 0.2), *rng.uniform(1.2, 4.6, len(order) - 2)])
    count = int(times[-1] / 0.2) + 6
    t_K = np.arange(count) * 0.2 + rng.uniform(0, 0.2)
    lit_K = np.searchsorted(times, t_K, side="right")
    track = empty_track(count)
    track[:, 5] = [1 + COLOURS.index(order[index]) if order[index] else 0 for index in lit_K]
    firsts = np.flatnonzero(np.diff(lit_K, prepend=0))
    events = tuple(Event(int(k), LIGHT, order[lit_K[k]]) for k in firsts)
    tones = {colour: tone(rng, colour) for colour in colours}
    x, y, size, style = rng.uniform(20, 60), rng.uniform(18, 42), rng.uniform(0, 1), int(rng.integers(0, 3))
    upright = rng.random() < 0.8

    def paint(draw: ImageDraw.ImageDraw, t: float) -> None:
        state = order[int(np.searchsorted(times, t, side="right"))]
        if traffic:
            draw_traffic(draw, x, y + 4, 4.6 + 2.8 * size, state, tones.get(state), upright)
        else:
            draw_lamp(draw, x, y, 7 + 7 * size, tones.get(state), style)

    scene = Scene(
        kind="light",
        rest=REST,
        events=events,
        shown=tuple(dict.fromkeys(filter(None, order))),
        track_KC=track,
        stance_KQ=nobody(count),
        lit=order[0],
    )
    return *_film(rng, t_K, paint), scene


def _film(rng: np.random.Generator, t_K: np.ndarray, paint: Paint) -> tuple[Shoot, Camera]:
    eye = camera(rng, len(t_K), calm=True)
    others = [bystander(rng, t_K)] if rng.random() < 0.3 else []

    def shoot(k: int) -> Picture:
        draw = ImageDraw.Draw(image := sheet())
        for other, spots in others:
            draw_person(draw, other, *spots[k])
        paint(draw, float(t_K[k]))
        return eye.shot(image, k)

    return shoot, eye
