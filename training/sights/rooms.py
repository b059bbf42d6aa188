"""Rooms to stand in, and what a camera makes of somebody in one of them.

A scene is drawn once and seen in another room each time, or the model would learn rooms by heart.

Shapes: K pictures, S pixels of a picture's side, R = S + 2 * MARGIN.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from training.sights.canvas import CANVAS, MARGIN, SCALE, SIDE, Camera, Colour, Picture, any_colour, at, hsv


def smooth(rng: np.random.Generator, cells: int, strength: float) -> npt.NDArray[np.float32]:
    """Coloured clouds, [R, R, 3], about 0."""
    grey = rng.normal(0, 1, (cells, cells, 1)) * 0.8 + rng.normal(0, 1, (cells, cells, 3)) * 0.4
    small = Image.fromarray(np.clip(128 + 40 * grey, 0, 255).astype(np.uint8))
    side = CANVAS // SCALE
    return (np.asarray(small.resize((side, side), Image.Resampling.BICUBIC), np.float32) - 128) / 40 * strength


def room(rng: np.random.Generator, *, calm: bool) -> Picture:
    """[R, R, 3]. calm: plain, for scenes in which small things matter."""
    wall = hsv(rng.uniform(0, 360), rng.uniform(0, 0.2), rng.uniform(0.42, 0.82))
    image = Image.new("RGB", (CANVAS, CANVAS), wall)
    draw = ImageDraw.Draw(image)
    line = at(rng.uniform(60, 74))
    if rng.random() < 0.85:
        floor = hsv(rng.uniform(0, 360), rng.uniform(0, 0.3), rng.uniform(0.25, 0.65))
        draw.rectangle((0, line, CANVAS, CANVAS), fill=floor)
    if not calm or rng.random() < 0.15:
        for _ in range(int(rng.integers(0, 4))):
            _furnish(rng, draw, line)
        if rng.random() < 0.06:
            _stripes(rng, draw, wall)
    pixels = np.asarray(image.reduce(SCALE), np.float32) + smooth(rng, int(rng.integers(3, 12)), rng.uniform(0, 9))
    slope = np.linspace(-1, 1, len(pixels))
    pixels += slope[:, None, None] * rng.uniform(-22, 22) + slope[None, :, None] * rng.uniform(-22, 22)
    return np.clip(pixels, 0, 255).astype(np.uint8)


def _furnish(rng: np.random.Generator, draw: ImageDraw.ImageDraw, line: float) -> None:
    """A window, a picture, a cupboard, a plant."""
    x, w, h = rng.uniform(-20, CANVAS), rng.uniform(14, 60), rng.uniform(14, 70)
    fill = hsv(rng.uniform(0, 360), rng.uniform(0, 0.4), rng.uniform(0.25, 0.85))
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


def taken(rng: np.random.Generator, layer_KSS4: Picture, camera: Camera, place: Picture, *, recolour: bool) -> Picture:
    """[K, S, S, 3]: somebody in a room, mirrored and moved at random, in other colours if those mean nothing, under
    light that changes and with a camera's noise."""
    count, side = len(layer_KSS4), np.arange(SIDE)
    rows, columns = (np.clip(side + int(rng.integers(-by, by + 1)), 0, SIDE - 1) for by in (2, 3))
    layer = layer_KSS4[:, rows[:, None], columns[:: int(rng.choice((-1, 1)))]]
    light = (rng.uniform(0.8, 1.15) + _drift(rng, count, rng.uniform(0, 0.05))).astype(np.float32)
    tint = rng.uniform(0.94, 1.06, 3)
    front = layer[..., :3]
    if recolour:
        tint = tint * rng.uniform(0.7, 1.15, 3)
    behind = _behind(rng, camera, place[:: int(rng.choice((-1, 1, 1, 1))), :: int(rng.choice((-1, 1)))])
    covered = layer[..., 3:].astype(np.float32) * np.float32(1 / 255)
    made = front * tint.astype(np.float32) + behind * (1 - covered)
    made *= light[:, None, None, None]
    if rng.random() < 0.6:
        grain = rng.normal(0, rng.uniform(0.5, 5), (6, SIDE, SIDE, 1)).astype(np.float32)
        made += grain[rng.integers(0, 6, count)]
    return np.clip(made + rng.uniform(-10, 10), 0, 255).astype(np.uint8)


def _behind(rng: np.random.Generator, camera: Camera, place: Picture) -> npt.NDArray[np.float32]:
    """The room as the camera shakes, [K or 1, S, S, 3], now and then with moving clouds."""
    pixels = place.astype(np.float32) * rng.uniform(0.8, 1.15, 3).astype(np.float32)
    clouds = smooth(rng, 6, rng.uniform(4, 14)) if rng.random() < 0.12 else None
    if clouds is None and not camera.dx.any() and not camera.dy.any():
        return pixels[None, MARGIN : MARGIN + SIDE, MARGIN : MARGIN + SIDE]
    made = []
    for k, (dx, dy) in enumerate(zip(camera.dx, camera.dy, strict=True)):
        if clouds is not None and k % 3 == 0:
            clouds = np.roll(clouds, tuple(rng.integers(0, len(clouds), 2)), (0, 1))
        moved = pixels if clouds is None else pixels + clouds
        made.append(moved[MARGIN + dy : MARGIN + dy + SIDE, MARGIN + dx : MARGIN + dx + SIDE])
    return np.stack(made)


def _drift(rng: np.random.Generator, count: int, by: float) -> npt.NDArray[np.float64]:
    return np.interp(np.arange(count), np.linspace(0, count, 6), rng.uniform(-by, by, 6))
