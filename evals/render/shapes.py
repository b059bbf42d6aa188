"""Coloured shapes and lights on the canvas. Positions and sizes in pixels of the picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import ImageDraw

from evals.render.backdrop import MARGIN, SCALE, Colour

COLOURS: Mapping[str, Colour] = {
    "red": (206, 30, 34),
    "blue": (34, 64, 214),
    "green": (20, 160, 56),
    "yellow": (246, 214, 30),
    "white": (250, 250, 250),
    "black": (14, 14, 16),
}
SHAPES = ("circle", "square", "triangle", "star", "cross", "ring")
KEPT_PAIRS = frozenset(
    {
        ("yellow", "star"),
        ("black", "ring"),
        ("red", "cross"),
        ("blue", "triangle"),
        ("green", "square"),
        ("white", "circle"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """radius: of the circle around it. turn: radians."""

    colour: Colour
    shape: str
    x: float
    y: float
    radius: float
    turn: float = 0.0


def draw_mark(draw: ImageDraw.ImageDraw, mark: Mark) -> None:
    x, y, r = (MARGIN + mark.x) * SCALE, (MARGIN + mark.y) * SCALE, mark.radius * SCALE
    box = (x - r, y - r, x + r, y + r)
    match mark.shape:
        case "circle":
            draw.ellipse(box, fill=mark.colour)
        case "ring":
            draw.ellipse(box, outline=mark.colour, width=max(6, round(r * 0.34)))
        case "cross":
            for turn in (0.0, math.pi / 2):
                along = (r * math.cos(mark.turn + turn), r * math.sin(mark.turn + turn))
                draw.line(
                    (x - along[0], y - along[1], x + along[0], y + along[1]), fill=mark.colour, width=round(r * 0.6)
                )
        case "square":
            draw.polygon(_around(x, y, mark.turn + math.pi / 4, (r,) * 4), fill=mark.colour)
        case "triangle":
            draw.polygon(_around(x, y, mark.turn - math.pi / 2, (r,) * 3), fill=mark.colour)
        case "star":
            draw.polygon(_around(x, y, mark.turn - math.pi / 2, (r, 0.42 * r) * 5), fill=mark.colour)
        case other:
            raise ValueError(f"shape: {other!r} is none of {SHAPES}")


def _around(x: float, y: float, start: float, radii: tuple[float, ...]) -> list[tuple[float, float]]:
    step = 2 * math.pi / len(radii)
    return [(x + r * math.cos(start + i * step), y + r * math.sin(start + i * step)) for i, r in enumerate(radii)]


def draw_traffic(draw: ImageDraw.ImageDraw, x: float, y: float, size: float, lit: str) -> None:
    """Three lamps in a box, of which `lit` (red, yellow, green or "") shines."""
    s = size * SCALE
    left, top = (MARGIN + x) * SCALE, (MARGIN + y) * SCALE
    draw.rectangle((left - 0.2 * s, top + 3 * s, left + 0.2 * s, top + 9 * s), fill=(60, 60, 64))
    draw.rectangle((left - 0.8 * s, top - 0.8 * s, left + 0.8 * s, top + 3.4 * s), fill=(34, 34, 38))
    for index, colour in enumerate(("red", "yellow", "green")):
        centre = top + index * 1.3 * s
        fill = COLOURS[colour] if lit == colour else (70, 70, 74)
        draw.ellipse((left - 0.58 * s, centre - 0.58 * s, left + 0.58 * s, centre + 0.58 * s), fill=fill)


def draw_bulb(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: Colour, on: bool) -> None:
    """One lamp on a cord, dark or shining `colour`."""
    cx, cy, r = (MARGIN + x) * SCALE, (MARGIN + y) * SCALE, radius * SCALE
    draw.line((cx, 0, cx, cy), fill=(40, 40, 40), width=5)
    if on:
        glow = tuple((value + 255) // 2 for value in colour)
        draw.ellipse((cx - 1.35 * r, cy - 1.35 * r, cx + 1.35 * r, cy + 1.35 * r), fill=glow)
    draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=colour if on else (74, 74, 76))
    draw.rectangle((cx - 0.4 * r, cy - 1.5 * r, cx + 0.4 * r, cy - 0.8 * r), fill=(50, 50, 52))
