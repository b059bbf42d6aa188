"""Scenes in which things appear and lights change, and somebody may walk past who has nothing to do with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import ImageDraw

from evals.render.acting import Action, Actor
from evals.render.body import Pose
from evals.render.figure import figure
from evals.render.motions import STAND
from evals.render.shapes import COLOURS, Mark, draw_bulb, draw_mark, draw_traffic

_GROW_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """marks: (mark, from, until, drift in pixels a second)."""

    marks: tuple[tuple[Mark, float, float, tuple[float, float]], ...]

    @classmethod
    def of(
        cls, rng: np.random.Generator, pairs: Sequence[tuple[str, str]], times: Sequence[tuple[float, float]]
    ) -> Showing:
        """pairs: colour and shape of each."""
        marks = []
        for (colour, shape), (start, stop) in zip(pairs, times, strict=True):
            mark = Mark(
                colour=_tinted(rng, colour),
                shape=shape,
                x=160 + float(rng.uniform(-58, 58)),
                y=112 + float(rng.uniform(-42, 30)),
                radius=float(rng.uniform(34, 52)),
                turn=float(rng.uniform(-0.25, 0.25)),
            )
            drift = (float(rng.uniform(-7, 7)), float(rng.uniform(-5, 5)))
            marks.append((mark, start, stop, drift))
        return cls(marks=tuple(marks))

    def paint(self, draw: ImageDraw.ImageDraw, t_s: float) -> None:
        for mark, start, stop, (dx, dy) in self.marks:
            if start <= t_s < stop:
                age = t_s - start
                draw_mark(
                    draw,
                    Mark(
                        colour=mark.colour,
                        shape=mark.shape,
                        x=mark.x + dx * age,
                        y=mark.y + dy * age,
                        radius=mark.radius * (0.7 + 0.3 * min(1.0, age / _GROW_S)),
                        turn=mark.turn,
                    ),
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lights:
    """changes: (when, which colour shines from then on, "" for none), in order, the first at 0."""

    changes: tuple[tuple[float, str], ...]
    traffic: bool
    x: float
    y: float
    size: float

    def paint(self, draw: ImageDraw.ImageDraw, t_s: float) -> None:
        lit = [colour for when, colour in self.changes if when <= t_s][-1]
        if self.traffic:
            draw_traffic(draw, self.x, self.y, self.size, lit)
        else:
            draw_bulb(draw, self.x, self.y + 60, self.size * 1.1, COLOURS[lit or "black"], bool(lit))


def lights(rng: np.random.Generator, changes: Sequence[tuple[float, str]], *, traffic: bool) -> Lights:
    x, y = 160 + float(rng.uniform(-50, 50)), float(rng.uniform(48, 60))
    return Lights(changes=tuple(changes), traffic=traffic, x=x, y=y, size=float(rng.uniform(29, 35)))


def passer_by(rng: np.random.Generator, seconds: float) -> Actor:
    """A small figure that walks to and fro in the background."""
    actions, at, way = [], float(rng.uniform(1, 8)), int(rng.choice((1, -1)))
    shift = 0.0
    while at + 5 < seconds:
        length = float(rng.uniform(2.5, 4.5))
        to = shift + way * 0.5
        actions.append(Action(name="walks", start_s=at, end_s=at + length, rise_s=0.5, facing=way, shifts=(shift, to)))
        shift, way, at = to, -way, at + length + float(rng.uniform(2, 8))
    rest: Pose = STAND
    return Actor(figure=figure(rng, way, small=True), rest=rest, actions=tuple(actions), sway=1.0)


def _tinted(rng: np.random.Generator, colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(np.clip(value + rng.uniform(-14, 14), 0, 255)) for value in COLOURS[colour])
    return red, green, blue
