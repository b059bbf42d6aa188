"""The room behind and the camera before it. Drawn at twice the size, then reduced, which smooths the edges.

Shapes: K pictures, H and W pixels of the canvas, S pixels of a picture's side.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

SIDE, SCALE, MARGIN = 80, 2, 5  # pixels of the picture
CANVAS = (SIDE + 2 * MARGIN) * SCALE
Colour = tuple[int, int, int]
Picture = npt.NDArray[np.uint8]


def at(value: Any) -> Any:
    """Pixels of the picture to pixels of the canvas, of a number or an array."""
    return (MARGIN + value) * SCALE


def hsv(hue_degrees: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue_degrees % 360 / 360, min(saturation, 1.0), min(value, 1.0))
    return round(red * 255), round(green * 255), round(blue * 255)


def any_colour(rng: np.random.Generator, saturation: float = 1.0) -> Colour:
    return hsv(rng.uniform(0, 360), rng.uniform(0, saturation), rng.uniform(0.08, 1.0))


def smooth(rng: np.random.Generator, cells: int, strength: float, side: int = CANVAS) -> npt.NDArray[np.float32]:
    """Coloured clouds, [side, side, 3], about 0."""
    grey = rng.normal(0, 1, (cells, cells, 1)) * 0.8 + rng.normal(0, 1, (cells, cells, 3)) * 0.4
    small = Image.fromarray(np.clip(128 + 40 * grey, 0, 255).astype(np.uint8))
    return (np.asarray(small.resize((side, side), Image.Resampling.BICUBIC), np.float32) - 128) / 40 * strength


@dataclass(frozen=True, kw_only=True, eq=False)
class Room:
    """still: what does not move. flicker: strength of moving clouds. dx, dy: the shaking camera, canvas pixels [K]."""

    still: Image.Image
    flicker: float
    dx: npt.NDArray[np.int64]
    dy: npt.NDArray[np.int64]
    post: Colour | None
    seed: int


def room(rng: np.random.Generator, count: int, *, calm: bool) -> Room:
    """calm: plain, for scenes in which small things matter."""
    image = Image.new(
        "RGB", (CANVAS, CANVAS), wall := hsv(rng.uniform(0, 360), rng.uniform(0, 0.3), rng.uniform(0.35, 0.85))
    )
    draw = ImageDraw.Draw(image)
    line = at(rng.uniform(60, 74))
    if rng.random() < 0.85:
        draw.rectangle(
            (0, line, CANVAS, CANVAS), fill=hsv(rng.uniform(0, 360), rng.uniform(0, 0.35), rng.uniform(0.25, 0.7))
        )
    if not calm or rng.random() < 0.15:
        for _ in range(int(rng.integers(0, 5))):
            _furnish(rng, draw, line)
        if rng.random() < 0.15:
            _stripes(rng, draw, wall)
    pixels = np.asarray(image, np.float32) + smooth(rng, int(rng.integers(3, 12)), rng.uniform(0, 9))
    pixels += np.linspace(-1, 1, CANVAS)[:, None, None] * rng.uniform(-22, 22)
    pixels += np.linspace(-1, 1, CANVAS)[None, :, None] * rng.uniform(-22, 22)
    shake = rng.uniform(0.5, 3.0) * SCALE if rng.random() < 0.45 else 0.0
    t = np.arange(count) * 0.2
    dx, dy = (_wobble(rng, t, shake) for _ in range(2))
    return Room(
        still=Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)),
        flicker=float(rng.uniform(0.04, 0.18)) if rng.random() < (0.15 if calm else 0.3) else 0.0,
        dx=dx,
        dy=dy,
        post=any_colour(rng, 0.3) if not calm and rng.random() < 0.12 else None,
        seed=int(rng.integers(1 << 31)),
    )


def _wobble(rng: np.random.Generator, t_K: npt.NDArray[np.float64], by: float) -> npt.NDArray[np.int64]:
    waves = sum(np.sin(rng.uniform(0, 6.3) + rng.uniform(0.4, 3.0) * t_K) for _ in range(2))
    return np.clip(np.round(0.6 * by * waves), -MARGIN * SCALE, MARGIN * SCALE).astype(np.int64)


def _furnish(rng: np.random.Generator, draw: ImageDraw.ImageDraw, line: float) -> None:
    """A window, a picture, a cupboard, a plant."""
    x, w, h = rng.uniform(-20, CANVAS), rng.uniform(14, 60), rng.uniform(14, 70)
    fill = any_colour(rng, 0.5)
    if rng.random() < 0.5:
        top = rng.uniform(0, max(8.0, line - h - 10))
        draw.rectangle((x, top, x + w, top + h), fill=fill, outline=any_colour(rng, 0.4), width=int(rng.integers(1, 5)))
        if rng.random() < 0.5:
            draw.line((x + w / 2, top, x + w / 2, top + h), fill=any_colour(rng, 0.3), width=3)
    elif rng.random() < 0.7:
        draw.rectangle((x, line - h, x + w, line + rng.uniform(0, 16)), fill=fill)
    else:
        draw.ellipse((x, line - h, x + w * 0.7, line + 4), fill=fill)


def _stripes(rng: np.random.Generator, draw: ImageDraw.ImageDraw, wall: Colour) -> None:
    tone = tuple(int(np.clip(value + rng.uniform(-25, 25), 0, 255)) for value in wall)
    step = int(rng.integers(10, 30))
    for place in range(0, CANVAS, step):
        draw.rectangle((place, 0, place + step // 2, at(60)), fill=tone)


def blank(place: Room, k: int) -> Image.Image:
    """The room as it is in picture k, to be drawn on."""
    if not place.flicker:
        return place.still.copy()
    rng = np.random.default_rng([place.seed, k // 2])
    noise = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)).resize(
        (CANVAS, CANVAS), Image.Resampling.BILINEAR
    )
    return Image.blend(place.still, noise, place.flicker)


def shot(place: Room, image: Image.Image, k: int, count: int) -> Image.Image:
    """What the camera takes, SIDE x SIDE."""
    if place.post:
        x = (0.05 + 0.9 * k / count) * CANVAS
        ImageDraw.Draw(image).rectangle((x - 5, 0, x + 5, CANVAS), fill=place.post)
    left, top = MARGIN * SCALE + int(place.dx[k]), MARGIN * SCALE + int(place.dy[k])
    return image.reduce(SCALE, (left, top, left + SIDE * SCALE, top + SIDE * SCALE))


def exposed(rng: np.random.Generator, pictures_KSS3: Picture) -> Picture:
    """Light that changes, a camera's noise and what coding leaves of it."""
    count = len(pictures_KSS3)
    light = rng.uniform(0.85, 1.12) + _drift(rng, count, rng.uniform(0, 0.05))
    tint = rng.uniform(0.96, 1.04, 3)
    made = pictures_KSS3 * (light[:, None, None, None] * tint).astype(np.float32)
    if rng.random() < 0.6:
        grain = rng.normal(0, rng.uniform(0.5, 5), (6, SIDE, SIDE, 1)).astype(np.float32)
        made += grain[rng.integers(0, 6, count)]
    return np.clip(made, 0, 255).astype(np.uint8)


def _drift(rng: np.random.Generator, count: int, by: float) -> npt.NDArray[np.float64]:
    return np.interp(np.arange(count), np.linspace(0, count, 6), rng.uniform(-by, by, 6))
