"""What figures do: poses between which a repetition or an action moves. Written for evaluation only.

A motion gives a pose for a phase u (0 at rest, 1 at its furthest) and for the time since it began, in seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from evals.render.body import Pose, blend, moved

STAND = Pose()
SEATED = Pose(lean=2, left_leg=84, right_leg=80, left_knee=-84, right_knee=-80, left_arm=30, right_arm=26,
              left_elbow=40, right_elbow=40)  # fmt: skip
PLANK = Pose(lean=72, nod=-18, left_arm=2, left_elbow=0, right_arm=-2, right_elbow=0, left_leg=-72, right_leg=-70)
LOW = Pose(lean=82, nod=-14, left_arm=-62, left_elbow=116, right_arm=-66, right_elbow=118, left_leg=-82, right_leg=-80)

Moves = Callable[[float, float], Pose]


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """views: `facing` values it can be seen from. holds: what the hands carry."""

    pose: Moves
    views: tuple[int, ...]
    rest: Pose = STAND
    holds: str = ""


def _between(rest: Pose, far: Pose) -> Moves:
    return lambda u, _: blend(rest, far, u)


def _jump(u: float, _: float) -> Pose:
    """Crouches, then leaves the floor with its arms up."""
    crouch = moved(
        STAND, lean=14, left_leg=34, right_leg=34, left_knee=-58, right_knee=-58, left_arm=-10, right_arm=-10
    )
    air = Pose(left_arm=160, right_arm=160, left_leg=14, right_leg=14, lift=0.16)
    return blend(STAND, crouch, u / 0.4) if u < 0.4 else blend(crouch, air, (u - 0.4) / 0.6)


_SQUAT = Pose(lean=26, left_leg=86, right_leg=82, left_knee=-112, right_knee=-108, left_arm=82, right_arm=78)
_FRONT_SQUAT = Pose(left_leg=66, right_leg=66, left_knee=-82, right_knee=-82, left_arm=84, right_arm=84)
_CURL = Pose(left_arm=8, left_elbow=142, right_arm=8, right_elbow=142)
_BENT = Pose(lean=104, nod=14, left_arm=8, right_arm=2, left_leg=-4, right_leg=-6)
REPETITIONS: Mapping[str, Motion] = {
    "squats": Motion(pose=_between(STAND, _SQUAT), views=(1, -1)),
    "jumps": Motion(pose=_jump, views=(0,)),
    "curls": Motion(pose=_between(STAND, _CURL), views=(1, -1, 0), holds="weights"),
    "raises": Motion(pose=_between(STAND, Pose(left_arm=104, right_arm=104, left_elbow=0, right_elbow=0)), views=(0,)),
    "pushups": Motion(pose=_between(PLANK, LOW), views=(1, -1), rest=PLANK),
    "taps": Motion(pose=_between(STAND, Pose(right_leg=46, right_knee=-4, lean=-5, right_arm=30)), views=(0,)),
    "bends": Motion(pose=_between(STAND, _BENT), views=(1, -1)),
}


def _wave(u: float, t: float) -> Pose:
    raised = Pose(right_arm=128, right_elbow=48 + 44 * math.sin(2 * math.pi * 0.9 * t))
    return blend(STAND, raised, u)


def _jumping(u: float, t: float) -> Pose:
    return _jump(min(u, 1.0) * (0.5 - 0.5 * math.cos(2 * math.pi * t / 1.3)), t)


def _clap(u: float, t: float) -> Pose:
    apart = 0.5 + 0.5 * math.cos(2 * math.pi * 0.9 * t)
    arm, elbow = 20 + 55 * apart, -142 + 70 * apart
    return blend(STAND, Pose(left_arm=arm, right_arm=arm, left_elbow=elbow, right_elbow=elbow), u)


def _walk(u: float, t: float) -> Pose:
    swing = math.sin(2 * math.pi * 0.75 * t)
    return blend(STAND, Pose(
        left_leg=26 * swing, right_leg=-26 * swing, left_knee=-24 * max(0.0, -swing), right_knee=-24 * max(0.0, swing),
        left_arm=-28 * swing, right_arm=28 * swing, left_elbow=14, right_elbow=14, lean=4,
    ), u)  # fmt: skip


def _drink(u: float, t: float) -> Pose:
    cup = Pose(right_arm=58, right_elbow=134 + 5 * math.sin(2 * math.pi * 0.5 * t), nod=-16)
    return blend(STAND, cup, u)


_REACH = Pose(right_arm=166, right_elbow=0, left_arm=14, lean=-6)
ACTIONS: Mapping[str, Motion] = {
    "sits": Motion(pose=_between(STAND, SEATED), views=(1, -1)),
    "stands": Motion(pose=_between(SEATED, STAND), views=(1, -1), rest=SEATED),
    "waves": Motion(pose=_wave, views=(0,)),
    "jumps": Motion(pose=_jumping, views=(0,)),
    "bends": Motion(pose=_between(STAND, _BENT), views=(1, -1)),
    "drinks": Motion(pose=_drink, views=(1, -1), holds="cup"),
    "reaches": Motion(pose=_between(STAND, _REACH), views=(0,)),
    "walks": Motion(pose=_walk, views=(1, -1)),
    "claps": Motion(pose=_clap, views=(0,)),
    "squats": Motion(pose=_between(STAND, _FRONT_SQUAT), views=(0,)),
}
KEPT_REPETITIONS = ("bends", "light")
KEPT_ACTIONS = ("claps", "squats")
