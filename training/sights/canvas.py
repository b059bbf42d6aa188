"""What a camera's pictures are drawn on: transparent sheets, twice the size, then reduced, which smooths the edges.

Shapes: K pictures, S pixels of a picture's side.
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Camera:
    """How it shakes, in pixels of the picture [K], and the colour of a post that it drifts past, if any."""

    dx: npt.NDArray[np.int64]
    dy: npt.NDArray[np.int64]
    post: Colour | None = None

    def at(self, k_N: npt.NDArray[np.int64]) -> Camera:
        """As it shakes in these pictures only."""
        return Camera(dx=self.dx[k_N], dy=self.dy[k_N])

    def shot(self, image: Image.Image, k: int) -> Picture:
        """[S, S, 4] of a sheet; colours are multiplied by how much is covered."""
        if self.post:
            x = (0.05 + 0.9 * k / len(self.dx)) * CANVAS
            ImageDraw.Draw(image).rectangle((x - 5, 0, x + 5, CANVAS), fill=self.post)
        left, top = (MARGIN + int(self.dx[k])) * SCALE, (MARGIN + int(self.dy[k])) * SCALE
        return np.asarray(image.reduce(SCALE, (left, top, left + SIDE * SCALE, top + SIDE * SCALE)))


def sheet() -> Image.Image:
    """Nothing, to be drawn on."""
    return Image.new("RGBA", (CANVAS, CANVAS))


def camera(rng: np.random.Generator, count: int, *, calm: bool) -> Camera:
    t_K, by = np.arange(count) * 0.2, rng.uniform(0.6, 3.0) if rng.random() < 0.4 else 0.0
    dx, dy = (_wobble(rng, t_K, by) for _ in range(2))
    return Camera(dx=dx, dy=dy, post=any_colour(rng, 0.3) if not calm and rng.random() < 0.12 else None)


def _wobble(rng: np.random.Generator, t_K: npt.NDArray[np.float64], by: float) -> npt.NDArray[np.int64]:
    waves = sum(np.sin(rng.uniform(0, 6.3) + rng.uniform(0.4, 3.0) * t_K) for _ in range(2))
    return np.clip(np.round(0.6 * by * waves), -MARGIN, MARGIN).astype(np.int64)
