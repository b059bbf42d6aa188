"""A figure on the canvas: limbs as thick lines, what it wears and what it holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import ImageDraw

from evals.render.backdrop import FLOOR, HEIGHT, MARGIN, SCALE, WIDTH, Colour
from evals.render.body import BONES, Build, Point, Pose, joints

CLOTHES: tuple[tuple[Colour, Colour, Colour], ...] = (  # skin, top, legs
    ((236, 190, 160), (190, 44, 40), (36, 40, 80)),
    ((120, 78, 54), (240, 236, 224), (40, 60, 110)),
    ((222, 172, 134), (30, 96, 64), (30, 30, 34)),
    ((160, 108, 78), (232, 178, 40), (54, 40, 90)),
    ((246, 210, 184), (40, 70, 160), (24, 24, 30)),
    ((96, 62, 44), (224, 110, 40), (236, 232, 226)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """height, x: in pixels of the picture; x is where it stands. depth: how far behind the front, 0 to 1."""

    build: Build
    height: float
    x: float
    clothes: tuple[Colour, Colour, Colour]
    thick: float
    holds: str = ""
    depth: float = 0.0

    @property
    def floor(self) -> float:
        return HEIGHT * FLOOR + 8 * (1 - self.depth)


def figure(rng: np.random.Generator, facing: int, holds: str = "", *, small: bool = False) -> Figure:
    """small: somebody in the background, at one side."""
    build = Build(
        facing=facing,
        trunk=float(rng.uniform(0.27, 0.33)),
        head=float(rng.uniform(0.066, 0.088)),
        thigh=float(rng.uniform(0.21, 0.25)),
        shin=float(rng.uniform(0.21, 0.25)),
        upper_arm=float(rng.uniform(0.15, 0.18)),
        forearm=float(rng.uniform(0.14, 0.165)),
        shoulders=float(rng.uniform(0.085, 0.12)),
    )
    height = float(rng.uniform(70, 95) if small else rng.uniform(138, 164))
    x = float(rng.choice((64, 256)) + rng.uniform(-8, 8)) if small else WIDTH / 2 + float(rng.uniform(-22, 22))
    clothes = CLOTHES[int(rng.integers(len(CLOTHES)))]
    thick = float(rng.uniform(0.05, 0.075))
    return Figure(
        build=build, height=height, x=x, clothes=clothes, thick=thick, holds=holds, depth=0.8 if small else 0.0
    )


def draw_figure(draw: ImageDraw.ImageDraw, who: Figure, pose: Pose) -> None:
    unit = who.height / who.build.stature

    def at(point: Point) -> Point:
        return ((MARGIN + who.x + point[0] * unit) * SCALE, (MARGIN + who.floor + point[1] * unit) * SCALE)

    found = {name: at(point) for name, point in joints(pose, who.build).items()}
    skin, top, legs = who.clothes
    width = who.thick * unit * SCALE
    far = "left" if who.build.facing >= 0 else "right"
    for a, b in sorted(BONES, key=lambda bone: (far not in bone[0], "elbow" in bone[0] or "shoulder" in bone[0])):
        colour = legs if b.endswith(("knee", "foot", "hip")) else skin if b.endswith("hand") else top
        if who.build.facing and far in a and a.partition(" ")[2]:
            colour = tuple(value * 3 // 4 for value in colour)
        _limb(draw, found[a], found[b], width * (1.7 if b == "chest" else 1.0), colour)
    _blob(draw, found["head"], who.build.head * unit * SCALE, skin)
    for side in ("left", "right"):
        if who.holds == "weights":
            (x, y), r = found[f"{side} hand"], 0.055 * unit * SCALE
            draw.rectangle((x - 1.5 * r, y - r, x + 1.5 * r, y + r), fill=(40, 40, 44))
    if who.holds == "cup":
        (x, y), r = found["right hand"], 0.05 * unit * SCALE
        draw.rectangle((x - r, y - 1.5 * r, x + r, y + r), fill=(250, 250, 240), outline=(60, 60, 60), width=2)


def draw_seat(draw: ImageDraw.ImageDraw, who: Figure) -> None:
    """A stool behind and under where it would sit."""
    unit = who.height / who.build.stature * SCALE
    x = (MARGIN + who.x) * SCALE - who.build.facing * 0.06 * unit
    bottom = (MARGIN + who.floor) * SCALE
    top = bottom - (who.build.shin - 0.02) * unit
    half = 0.13 * unit
    draw.rectangle((x - half, top, x + half, top + 0.05 * unit), fill=(104, 66, 34))
    for leg in (x - half + 4, x + half - 4):
        draw.line((leg, top, leg, bottom), fill=(84, 52, 28), width=round(0.03 * unit))


def _limb(draw: ImageDraw.ImageDraw, a: Point, b: Point, width: float, colour: Colour) -> None:
    draw.line((a, b), fill=colour, width=max(2, round(width)))
    for end in (a, b):
        _blob(draw, end, width / 2, colour)


def _blob(draw: ImageDraw.ImageDraw, at: Point, radius: float, colour: Colour) -> None:
    draw.ellipse((at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius), fill=colour)
