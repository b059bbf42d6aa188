"""What is behind and in front: rooms, textures, moving noise, a passing occluder. Drawn at twice the camera's size.

Shapes: H, W pixels of the canvas, which is larger than the picture by a margin for the camera to shake in.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

WIDTH, HEIGHT, FPS = 320, 240, 5
SCALE = 2  # drawn so much larger, then reduced: that is what smooths the edges
MARGIN = 16
CANVAS = ((WIDTH + 2 * MARGIN) * SCALE, (HEIGHT + 2 * MARGIN) * SCALE)
FLOOR = 0.86  # of the picture's height
Colour = tuple[int, int, int]

WALLS: tuple[tuple[Colour, Colour], ...] = (  # wall, floor
    ((176, 168, 150), (112, 92, 74)),
    ((150, 166, 172), (92, 98, 104)),
    ((168, 152, 160), (104, 84, 88)),
    ((138, 152, 132), (90, 84, 70)),
    ((190, 182, 172), (130, 112, 96)),
    ((128, 136, 152), (78, 80, 90)),
)
PLAIN_WALLS: tuple[tuple[Colour, Colour], ...] = (
    ((140, 140, 146), (120, 118, 116)),
    ((156, 150, 142), (124, 120, 112)),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Backdrop:
    """still: the room. flicker: strength of moving noise, 0 none. occluder: colour of a post that drifts past."""

    still: Image.Image
    flicker: float
    shake: float  # pixels of the picture
    occluder: Colour | None
    seed: int


def backdrop(rng: np.random.Generator, *, calm: bool = False) -> Backdrop:
    """calm: no furniture, noise or occluder, for scenes in which small things matter."""
    walls = PLAIN_WALLS if calm else WALLS
    wall, floor = walls[int(rng.integers(len(walls)))]
    still = _room(rng, wall, floor, furniture=not calm)
    return Backdrop(
        still=still,
        flicker=float(rng.uniform(0.06, 0.16)) if rng.random() < (0.15 if calm else 0.3) else 0.0,
        shake=float(rng.uniform(1.0, 4.0)) if rng.random() < 0.4 else 0.0,
        occluder=(70, 74, 70) if not calm and rng.random() < 0.15 else None,
        seed=int(rng.integers(1 << 31)),
    )


def _room(rng: np.random.Generator, wall: Colour, floor: Colour, *, furniture: bool) -> Image.Image:
    width, height = CANVAS
    coarse = rng.normal(0, 1, (9, 12, 1)) * rng.uniform(0, 9) + rng.normal(0, 2, (9, 12, 3))
    shade = Image.fromarray(np.clip(128 + coarse, 0, 255).astype(np.uint8)).resize(CANVAS, Image.Resampling.BICUBIC)
    image = Image.new("RGB", CANVAS, wall)
    draw = ImageDraw.Draw(image)
    line = round((MARGIN + HEIGHT * FLOOR) * SCALE) - 30
    draw.rectangle((0, line, width, height), fill=floor)
    if furniture:
        for _ in range(int(rng.integers(0, 4))):
            _hang(rng, draw, line)
        if rng.random() < 0.5:
            left = int(rng.choice((-40, width - 150)))
            tone = tuple(int(value) for value in rng.integers(60, 120, 3))
            draw.rectangle((left, line - int(rng.integers(90, 260)), left + 190, line + 20), fill=tone)
    pixels = np.asarray(image, np.int16) + (np.asarray(shade, np.int16) - 128)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _hang(rng: np.random.Generator, draw: ImageDraw.ImageDraw, line: int) -> None:
    """A window or a picture on the wall."""
    x, y = int(rng.integers(0, CANVAS[0] - 120)), int(rng.integers(20, line - 190))
    w, h = int(rng.integers(60, 170)), int(rng.integers(60, 140))
    tone = tuple(int(value) for value in rng.integers(120, 205, 3))
    draw.rectangle((x, y, x + w, y + h), fill=tone, outline=(90, 80, 70), width=6)
    if rng.random() < 0.5:
        draw.line((x + w // 2, y, x + w // 2, y + h), fill=(90, 80, 70), width=5)


def canvas(room: Backdrop, frame: int) -> Image.Image:
    """The room as it is in this frame, to be drawn on."""
    if not room.flicker:
        return room.still.copy()
    return _flickering(room, frame // 3).copy()


@functools.lru_cache(maxsize=1)
def _flickering(room: Backdrop, index: int) -> Image.Image:
    rng = np.random.default_rng([room.seed, index])
    noise = Image.fromarray(rng.integers(0, 256, (7, 10, 3), dtype=np.uint8)).resize(CANVAS, Image.Resampling.BILINEAR)
    return Image.blend(room.still, noise, room.flicker)


def shot(room: Backdrop, image: Image.Image, frame: int, frames: int) -> npt.NDArray[np.uint8]:
    """What the camera takes: [HEIGHT, WIDTH, 3], after the occluder and the shaking hand."""
    if room.occluder:
        x = round((0.1 + 0.8 * frame / max(frames, 1)) * CANVAS[0])
        ImageDraw.Draw(image).rectangle((x - 16, 0, x + 16, CANVAS[1]), fill=room.occluder)
    dx = dy = 0.0
    if room.shake:
        rng = np.random.default_rng([room.seed, 7])
        phase, speed = rng.uniform(0, 6.28, 4), rng.uniform(0.5, 2.2, 4)
        t = frame / FPS
        dx, dy = (room.shake * 0.5 * sum(np.sin(phase[i] + speed[i] * t) for i in pair) for pair in ((0, 1), (2, 3)))
    left, top = (round((MARGIN + by) * SCALE) for by in (dx, dy))
    view = image.crop((left, top, left + WIDTH * SCALE, top + HEIGHT * SCALE))
    return np.asarray(view.reduce(SCALE))
