"""Coloured shapes and lamps on the canvas. Positions and sizes in pixels of the picture."""

from __future__ import annotations

import math

import numpy as np
from PIL import ImageDraw

from training.sights.canvas import SCALE, Colour, at, hsv

COLOURS = ("red", "blue", "green", "yellow", "white", "black")
SHAPES = ("circle", "square", "triangle", "star", "cross", "ring")
# Kept for evaluation: training knows the words and the halves of these, never the whole.
KEPT = frozenset(
    {
        *(("yellow", "star"), ("black", "ring"), ("red", "cross")),
        *(("blue", "triangle"), ("green", "square"), ("white", "circle")),
    }
)
PAIRS = tuple((colour, shape) for colour in COLOURS for shape in SHAPES if (colour, shape) not in KEPT)
_HUES = {
    "red": (-8, 8, 0.78, 0.6),
    "blue": (212, 240, 0.7, 0.6),
    "green": (105, 150, 0.65, 0.45),
    "yellow": (45, 60, 0.75, 0.85),
}


def tone(rng: np.random.Generator, colour: str) -> Colour:
    """A colour that everybody calls so."""
    if colour in _HUES:
        low, high, saturation, value = _HUES[colour]
        return hsv(rng.uniform(low, high), rng.uniform(saturation, 1), rng.uniform(value, 1))
    return hsv(
        rng.uniform(0, 360), rng.uniform(0, 0.06), rng.uniform(0.94, 1) if colour == "white" else rng.uniform(0, 0.1)
    )


def draw_shape(
    draw: ImageDraw.ImageDraw, shape: str, fill: Colour, x: float, y: float, radius: float, turn: float, bold: float
) -> None:
    """turn: radians. bold: how thick rings and crosses are, 0 to 1."""
    x, y, r = at(x), at(y), radius * SCALE
    box = (x - r, y - r, x + r, y + r)
    match shape:
        case "circle":
            draw.ellipse(box, fill=fill)
        case "ring":
            draw.ellipse(box, outline=fill, width=max(3, round(r * (0.24 + 0.18 * bold))))
        case "square":
            draw.polygon(_corners(x, y, turn + math.pi / 4, (r,) * 4), fill=fill)
        case "triangle":
            draw.polygon(_corners(x, y, turn - math.pi / 2, (r,) * 3), fill=fill)
        case "star":
            inner = (0.34 + 0.14 * bold) * r
            draw.polygon(_corners(x, y, turn - math.pi / 2, (r, inner) * 5), fill=fill)
        case "cross":
            half = (0.22 + 0.14 * bold) * r
            along = math.sqrt(r * r - half * half)
            for quarter in (0.0, math.pi / 2):
                c, s = math.cos(turn + quarter), math.sin(turn + quarter)
                ends = ((along, half), (along, -half), (-along, -half), (-along, half))
                draw.polygon([(x + a * c - b * s, y + a * s + b * c) for a, b in ends], fill=fill)
        case other:
            raise ValueError(f"shape: {other!r} is none of {SHAPES}")


def _corners(x: float, y: float, start: float, radii: tuple[float, ...]) -> list[tuple[float, float]]:
    step = 2 * math.pi / len(radii)
    return [(x + r * math.cos(start + i * step), y + r * math.sin(start + i * step)) for i, r in enumerate(radii)]


def draw_lamp(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, lit: Colour | None, style: int) -> None:
    """One lamp, dark or lit: round on a cord, square on the wall, or with a halo."""
    cx, cy, r = at(x), at(y), radius * SCALE
    fill = lit or (70, 70, 72)
    if style == 0:
        draw.line((cx, 0, cx, cy), fill=(44, 44, 44), width=3)
    if lit and style != 1:
        glow = tuple((value + 230) // 2 for value in lit)
        draw.ellipse((cx - 1.4 * r, cy - 1.4 * r, cx + 1.4 * r, cy + 1.4 * r), fill=glow)
    if style == 1:
        draw.rectangle((cx - r, cy - 0.8 * r, cx + r, cy + 0.8 * r), fill=fill, outline=(30, 30, 30), width=3)
    else:
        draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=fill)


TRAFFIC = ("red", "yellow", "green")


def draw_traffic(
    draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, lit: str, fill: Colour | None, upright: bool
) -> None:
    """Three lamps in a box, of which `lit` (or "") shines."""
    r = radius * SCALE
    step, cx, cy = 2.3 * r, at(x), at(y)
    half = (1.4 * r, 1.4 * r + step) if upright else (1.4 * r + step, 1.4 * r)
    draw.rectangle((cx - half[0], cy - half[1], cx + half[0], cy + half[1]), fill=(30, 30, 34))
    for index, colour in enumerate(TRAFFIC):
        by = (index - 1) * step
        px, py = (cx, cy + by) if upright else (cx + by, cy)
        draw.ellipse((px - r, py - r, px + r, py + r), fill=fill if fill and colour == lit else (66, 66, 70))
