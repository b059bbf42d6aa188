"""A stick figure: angles to joints. Pure. Degrees, lengths in units of the figure's height, y grows downwards.

A limb's angle is 0 when it hangs straight down and grows away from the body, or to where the figure faces. Seen from
the front the two sides are mirrored; from the side (`facing` 1 or -1) they share one direction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """lean: of the trunk from upright. elbows and knees: added to upper arm and thigh. lift: off the floor."""

    lean: float = 0.0
    nod: float = 0.0
    left_arm: float = 12.0
    left_elbow: float = 6.0
    right_arm: float = 12.0
    right_elbow: float = 6.0
    left_leg: float = 5.0
    left_knee: float = 0.0
    right_leg: float = 5.0
    right_knee: float = 0.0
    lift: float = 0.0
    shift: float = 0.0  # along the floor


_NAMES = tuple(each.name for each in fields(Pose))


def blend(a: Pose, b: Pose, u: float) -> Pose:
    """a at u = 0, b at u = 1."""
    return Pose(**{name: getattr(a, name) * (1 - u) + getattr(b, name) * u for name in _NAMES})


def moved(pose: Pose, **by: float) -> Pose:
    return replace(pose, **{name: getattr(pose, name) + value for name, value in by.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """Proportions. facing 0: from the front; 1 and -1: from the side, looking right or left."""

    trunk: float = 0.30
    head: float = 0.075  # radius
    upper_arm: float = 0.16
    forearm: float = 0.15
    thigh: float = 0.235
    shin: float = 0.235
    shoulders: float = 0.095  # half their width, seen from the front
    hips: float = 0.055
    facing: int = 0

    @property
    def stature(self) -> float:
        return self.trunk + 2.3 * self.head + self.thigh + self.shin


def joints(pose: Pose, build: Build) -> dict[str, Point]:
    """15 joints, the lower foot (or what else is lowest) `pose.lift` above y = 0."""
    along = build.facing or 1
    lean = math.radians(pose.lean) * along
    up = (math.sin(lean), -math.cos(lean))
    pelvis = (0.0, 0.0)
    chest = _to(pelvis, up, build.trunk)
    nod = lean + math.radians(pose.nod) * along
    head = _to(chest, (math.sin(nod), -math.cos(nod)), 1.3 * build.head)
    found = {"pelvis": pelvis, "chest": chest, "head": head}
    for side, sign in (("left", -1), ("right", 1)):
        way = build.facing or sign
        wide = 0.25 if build.facing else 1.0
        across = (-up[1] * sign * wide, up[0] * sign * wide)
        shoulder = _to(chest, across, build.shoulders)
        hip = (sign * build.hips * wide, 0.0)
        # Arms hang from a trunk that leans; their angles count from straight down.
        upper, elbow_by = getattr(pose, f"{side}_arm"), getattr(pose, f"{side}_elbow")
        elbow = _limb(shoulder, upper * way, build.upper_arm)
        hand = _limb(elbow, (upper + elbow_by) * way, build.forearm)
        thigh, knee_by = getattr(pose, f"{side}_leg"), getattr(pose, f"{side}_knee")
        knee = _limb(hip, thigh * way, build.thigh)
        foot = _limb(knee, (thigh + knee_by) * way, build.shin)
        parts = (shoulder, elbow, hand, hip, knee, foot)
        found |= {f"{side} {name}": point for name, point in zip(_PARTS, parts, strict=True)}
    lowest = max(y + (build.head if name == "head" else 0.0) for name, (_, y) in found.items())
    return {name: (x + pose.shift, y - lowest - pose.lift) for name, (x, y) in found.items()}


_PARTS = ("shoulder", "elbow", "hand", "hip", "knee", "foot")
BONES = (
    ("pelvis", "chest"),
    *((f"{side} {a}", f"{side} {b}") for side in ("left", "right") for a, b in (("hip", "knee"), ("knee", "foot"))),
    *(
        (f"{side} {a}", f"{side} {b}")
        for side in ("left", "right")
        for a, b in (("shoulder", "elbow"), ("elbow", "hand"))
    ),
    ("left shoulder", "right shoulder"),
    ("left hip", "right hip"),
)


def _to(start: Point, way: Point, length: float) -> Point:
    return (start[0] + way[0] * length, start[1] + way[1] * length)


def _limb(start: Point, degrees: float, length: float) -> Point:
    angle = math.radians(degrees)
    return (start[0] + math.sin(angle) * length, start[1] + math.cos(angle) * length)
