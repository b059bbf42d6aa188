"""A body of three dimensions as angles, and its joints as a camera sees them. Pure.

Shapes: K pictures, P angles, J joints. Degrees; lengths in statures; x to the body's left, y up, z to its front.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SIDES = ("left", "right")
# A limb hangs at 0; its angle grows towards the front, or outwards where its `out` is 90. Elbow and knee are added.
_LIMBS = ("arm", "arm_out", "elbow", "elbow_out", "leg", "leg_out", "knee")
ANGLES = ("lean", "side", "nod", "lift", "shift", "turn", *(f"{side}_{name}" for side in SIDES for name in _LIMBS))
AT = {name: index for index, name in enumerate(ANGLES)}
JOINTS = (
    *("pelvis", "chest", "head"),
    *(f"{side}_{name}" for side in SIDES for name in ("shoulder", "elbow", "hand", "hip", "knee", "foot", "toe")),
)
_REST = {"arm": 10.0, "arm_out": 75.0, "elbow": 10.0, "leg": 4.0, "leg_out": 90.0}


def pose(**angles: float) -> Floats:
    """[P]: standing, but for the angles given; `arm=…` without a side means both."""
    made = np.zeros(len(ANGLES))
    for name, value in (_REST | angles).items():
        for full in (name,) if name in AT else tuple(f"{side}_{name}" for side in SIDES):
            made[AT[full]] = value
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """Proportions in statures. yaw: 0 seen from the front, 90 looking to the right; a pose's `turn` is added."""

    trunk: float
    head: float
    shoulders: float
    hips: float
    upper_arm: float
    forearm: float
    thigh: float
    shin: float
    yaw: float


def build(rng: np.random.Generator, yaw: float) -> Build:
    def near(value: float, by: float = 0.12) -> float:
        return float(value * rng.uniform(1 - by, 1 + by))

    return Build(
        trunk=near(0.30),
        head=near(0.07, 0.2),
        shoulders=near(0.1, 0.2),
        hips=near(0.055, 0.3),
        upper_arm=near(0.16),
        forearm=near(0.155),
        thigh=near(0.235),
        shin=near(0.23),
        yaw=yaw,
    )


def joints(poses_KP: Floats, body: Build) -> tuple[Floats, Floats]:
    """Places [K, J, 2] with y downwards and the floor at 0, and nearness to the camera [K, J]."""
    a = {name: np.radians(poses_KP[:, index]) for name, index in AT.items()}
    count = len(poses_KP)
    points = np.zeros((count, len(JOINTS), 3))
    place = {name: index for index, name in enumerate(JOINTS)}
    lean, side = a["lean"], a["side"]
    up = np.stack([np.sin(side), np.cos(side) * np.cos(lean), np.cos(side) * np.sin(lean)], axis=1)
    chest = up * body.trunk
    nod = lean + a["nod"]
    points[:, place["chest"]] = chest
    points[:, place["head"]] = chest + np.stack([np.sin(side), np.cos(nod), np.sin(nod)], axis=1) * 1.4 * body.head
    across = np.stack([np.cos(side), -np.sin(side), np.zeros(count)], axis=1)
    for name, sign in zip(SIDES, (1.0, -1.0), strict=True):
        shoulder = chest + sign * body.shoulders * across
        upper, out = a[f"{name}_arm"], a[f"{name}_arm_out"]
        elbow = shoulder + body.upper_arm * _way(upper, out, sign)
        hand = elbow + body.forearm * _way(upper + a[f"{name}_elbow"], out + a[f"{name}_elbow_out"], sign)
        hip = np.broadcast_to([sign * body.hips, 0.0, 0.0], (count, 3))
        thigh, out = a[f"{name}_leg"], a[f"{name}_leg_out"]
        knee = hip + body.thigh * _way(thigh, out, sign)
        shin = _way(thigh + a[f"{name}_knee"], out, sign)
        foot = knee + body.shin * shin
        toe = foot + 0.07 * np.stack([shin[:, 0] * 0.2, np.abs(shin[:, 2]) * -0.5, -shin[:, 1]], axis=1)
        for part, at in zip(("shoulder", "elbow", "hand", "hip", "knee", "foot", "toe"),
                            (shoulder, elbow, hand, hip, knee, foot, toe), strict=True):  # fmt: skip
            points[:, place[f"{name}_{part}"]] = at
    yaw = (np.radians(body.yaw) + a["turn"])[:, None]
    x = points[..., 0] * np.cos(yaw) + points[..., 2] * np.sin(yaw)
    near = points[..., 2] * np.cos(yaw) - points[..., 0] * np.sin(yaw)
    y = points[..., 1]
    lowest_K = y.min(axis=1)
    flat = np.stack(
        [x + poses_KP[:, AT["shift"], None], -(y - lowest_K[:, None] + poses_KP[:, AT["lift"], None])], axis=-1
    )
    return flat, near


def stance(flat_KJ2: Floats) -> Floats:
    """What a silhouette tells whichever side is which, [K, Q], each about 0 and 1 wide: heights and widths."""
    x, up = flat_KJ2[..., 0], -flat_KJ2[..., 1]

    def both(part: str) -> list[int]:
        return [JOINTS.index(f"{side}_{part}") for side in SIDES]

    middle, head, hands, elbows, knees, feet = (
        *(JOINTS.index("pelvis"), JOINTS.index("head")),
        *(both(part) for part in ("hand", "elbow", "knee", "foot")),
    )
    told = (
        *(
            up[:, hands].max(1),
            up[:, hands].min(1),
            up[:, elbows].max(1),
            up[:, head],
            up[:, middle],
            up[:, feet].max(1),
        ),
        *(np.ptp(x[:, hands], axis=1), np.ptp(x[:, feet], axis=1), np.abs(x[:, head] - x[:, middle])),
        *(np.abs(x[:, part] - x[:, [middle]]).max(1) for part in (hands, knees)),
    )
    return 4 * (np.stack(told, axis=1) - 0.4)


STANCE = 11  # how many


def _way(angle_K: Floats, out_K: Floats, sign: float) -> Floats:
    """Unit vectors [K, 3]."""
    flat = np.sin(angle_K)
    return np.stack([sign * flat * np.sin(out_K), -np.cos(angle_K), flat * np.cos(out_K)], axis=1)
