"""A person on the canvas: tapered limbs, a trunk, a head with hair, shoes, and what the hands hold.

Shapes: K pictures, J joints.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import ImageDraw

from training.sights.body import JOINTS, Build, Floats, joints
from training.sights.canvas import SCALE, Colour, any_colour, at, hsv

Spot = tuple[float, float]
Seen = tuple[list[Spot], tuple[str, str]]
_PLACE = {name: index for index, name in enumerate(JOINTS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """stature, x, floor: in pixels of the picture. thick: of a limb, in statures."""

    body: Build
    stature: float
    x: float
    floor: float
    thick: float
    skin: Colour
    top: Colour
    legs: Colour
    hair: Colour
    shoes: Colour
    sleeves: bool
    outline: bool
    holds: str = ""


def person(rng: np.random.Generator, body: Build, holds: str = "", *, small: bool = False) -> Person:
    """small: somebody in the background, at one side."""
    dark = rng.uniform(0.3, 1.0)
    skin = hsv(rng.uniform(14, 30), rng.uniform(0.25, 0.55), dark)
    return Person(
        body=body,
        stature=float(rng.uniform(22, 33) if small else rng.uniform(44, 58)),
        x=float(rng.choice((8, 72)) + rng.uniform(-5, 5)) if small else 40 + float(rng.uniform(-8, 8)),
        floor=float(rng.uniform(63, 70) if small else rng.uniform(67, 73)),
        thick=float(rng.uniform(0.04, 0.085)),
        skin=skin,
        top=any_colour(rng),
        legs=any_colour(rng, 0.8),
        hair=hsv(rng.uniform(10, 45), rng.uniform(0, 0.7), rng.uniform(0.05, 0.6)),
        shoes=any_colour(rng, 0.5),
        sleeves=bool(rng.random() < 0.6),
        outline=bool(rng.random() < 0.15),
        holds=holds,
    )


def posed(who: Person, poses_KP: Floats) -> list[Seen]:
    """For each picture the joints on the canvas, and the sides, the far one first."""
    flat_KJ2, near_KJ = joints(poses_KP, who.body)
    points = at(flat_KJ2 * who.stature + (who.x, who.floor))
    left_K = near_KJ[:, _PLACE["left_shoulder"]] > near_KJ[:, _PLACE["right_shoulder"]]
    return [
        ([tuple(point) for point in each], ("right", "left") if left else ("left", "right"))
        for each, left in zip(points.tolist(), left_K.tolist(), strict=True)
    ]


def draw_person(draw: ImageDraw.ImageDraw, who: Person, points: list[Spot], sides: tuple[str, str]) -> None:
    width = who.thick * who.stature * SCALE
    turned = abs(np.sin(np.radians(who.body.yaw)))
    spots = {name: points[index] for name, index in _PLACE.items()}
    far, near = sides
    if turned > 0.6:
        _arm(draw, who, spots, far, width)
    _leg(draw, who, spots, far, width)
    _leg(draw, who, spots, near, width)
    broad = (1 - turned) * 1.7 * who.body.shoulders * who.stature * SCALE + turned * 2.4 * width
    _part(draw, spots["chest"], spots["pelvis"], broad, broad * 0.8, who.top, who.outline)
    radius = who.body.head * who.stature * SCALE
    _part(draw, spots["chest"], spots["head"], width, width, who.skin, False)
    _head(draw, who, spots["head"], radius)
    if turned <= 0.6:
        _arm(draw, who, spots, far, width)
    _arm(draw, who, spots, near, width)


def _arm(draw: ImageDraw.ImageDraw, who: Person, spots: dict[str, Spot], side: str, width: float) -> None:
    shoulder, elbow, hand = (spots[f"{side}_{part}"] for part in ("shoulder", "elbow", "hand"))
    _part(draw, shoulder, elbow, width * 1.05, width * 0.85, who.top, who.outline)
    _part(draw, elbow, hand, width * 0.85, width * 0.7, who.top if who.sleeves else who.skin, who.outline)
    _dot(draw, hand, width * 0.5, who.skin)
    (x, y), r = hand, 0.05 * who.stature * SCALE
    if who.holds == "weights":
        draw.rectangle((x - 1.4 * r, y - 0.8 * r, x + 1.4 * r, y + 0.8 * r), fill=who.shoes)
    elif who.holds == "cup":
        draw.rectangle((x - 0.9 * r, y - 1.4 * r, x + 0.9 * r, y + r), fill=(240, 240, 235))


def _leg(draw: ImageDraw.ImageDraw, who: Person, spots: dict[str, Spot], side: str, width: float) -> None:
    hip, knee, foot, toe = (spots[f"{side}_{part}"] for part in ("hip", "knee", "foot", "toe"))
    _part(draw, hip, knee, width * 1.35, width, who.legs, who.outline)
    _part(draw, knee, foot, width, width * 0.75, who.legs, who.outline)
    _part(draw, foot, toe, width * 0.75, width * 0.6, who.shoes, False)


def _head(draw: ImageDraw.ImageDraw, who: Person, centre: Spot, radius: float) -> None:
    x, y = centre
    _dot(draw, (x, y - 0.15 * radius), radius * 1.08, who.hair)
    _dot(draw, (x + 0.12 * radius * np.sin(np.radians(who.body.yaw)), y + 0.15 * radius), radius * 0.9, who.skin)


def _part(
    draw: ImageDraw.ImageDraw,
    a: Spot,
    b: Spot,
    wide_a: float,
    wide_b: float,
    fill: Colour,
    outline: bool,
) -> None:
    """A tapered limb with round ends."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = (dx * dx + dy * dy) ** 0.5
    if length > 0.5:
        nx, ny = -dy / length / 2, dx / length / 2
        corners = (
            *(a[0] + nx * wide_a, a[1] + ny * wide_a, b[0] + nx * wide_b, b[1] + ny * wide_b),
            *(b[0] - nx * wide_b, b[1] - ny * wide_b, a[0] - nx * wide_a, a[1] - ny * wide_a),
        )
        draw.polygon(corners, fill=fill, outline=(20, 20, 20) if outline else None)
    _dot(draw, a, wide_a / 2, fill)
    _dot(draw, b, wide_b / 2, fill)


def _dot(draw: ImageDraw.ImageDraw, centre: Spot, radius: float, fill: Colour) -> None:
    x, y = centre
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


def draw_seat(draw: ImageDraw.ImageDraw, who: Person, tone: Colour) -> None:
    """A chair, a box or a stool under where somebody would sit."""
    unit, way = who.stature * SCALE, np.sin(np.radians(who.body.yaw))
    x, bottom = at(who.x) - way * 0.05 * unit, at(who.floor)
    top, half = bottom - (who.body.shin - 0.01) * unit, 0.14 * unit
    if who.outline:
        draw.rectangle((x - half, top, x + half, bottom), fill=tone)
        return
    draw.rectangle((x - half, top, x + half, top + 0.05 * unit), fill=tone)
    for leg in (x - 0.85 * half, x + 0.85 * half):
        draw.line((leg, top, leg, bottom), fill=tone, width=max(1, round(0.03 * unit)))
    if who.sleeves:  # a back
        back = x - np.sign(way or 1) * half
        draw.line((back, top, back, top - 0.3 * unit), fill=tone, width=max(2, round(0.04 * unit)))
