"""How repetitions and actions are performed: everybody in their own way. Pure.

A performance gives poses [K, P] for how far it has gone, u [K] from 0 (at rest) to 1, and for the time t [K] in
seconds. Not here, since they are kept for evaluation: bends as repetitions, claps and squats as actions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from training.sights.body import AT, Floats, pose

REPETITIONS = ("squats", "jumps", "curls", "raises", "pushups", "taps")
ACTIONS = ("sits", "stands", "waves", "jumps", "bends", "drinks", "reaches", "walks")
MOTIONS = ("rest", *REPETITIONS, *(name for name in ACTIONS if name not in REPETITIONS))
Moves = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """holds: "" or "weights", "cup". seat: there is something to sit on."""

    rest: Floats
    moves: Moves
    holds: str = ""
    seat: bool = False


def about(rng: np.random.Generator, value: float, by: float) -> float:
    return float(value + rng.uniform(-by, by))


def blend(a: Floats, b: Floats, u_K: Floats) -> Floats:
    return a + (b - a) * u_K[:, None]


def stand(rng: np.random.Generator) -> Floats:
    return pose(arm=about(rng, 10, 7), arm_out=about(rng, 70, 25), elbow=about(rng, 10, 10),
                leg=about(rng, 5, 4), lean=about(rng, 1, 3))  # fmt: skip


def seated(rng: np.random.Generator) -> Floats:
    return pose(lean=about(rng, 3, 6), leg=about(rng, 83, 6), leg_out=about(rng, 8, 8), knee=about(rng, -84, 8),
                arm=about(rng, 28, 14), arm_out=about(rng, 15, 15), elbow=about(rng, 40, 25))  # fmt: skip


def perform(rng: np.random.Generator, name: str, rest: Floats) -> Performance:
    """`rest`: how the performer stands or sits when nothing is done; pushups bring their own."""
    return _MAKERS[name](rng, rest)


def view(rng: np.random.Generator, name: str) -> float:
    """A yaw from which the motion can be told."""
    side, front = name in _FROM_THE_SIDE, name in _FROM_THE_FRONT
    if side and front:
        side = bool(rng.random() < 0.6)
    if rng.random() < 0.07 and name != "pushups":
        return float(rng.uniform(-100, 100))
    return float(rng.choice((-1, 1)) * rng.uniform(62, 100)) if side else float(rng.uniform(-28, 28))


_FROM_THE_SIDE = ("squats", "curls", "pushups", "sits", "stands", "bends", "drinks", "walks")
_FROM_THE_FRONT = ("jumps", "curls", "raises", "taps", "waves", "reaches")


def _towards(rest: Floats, **angles: float) -> Floats:
    far = rest.copy()
    for name, value in angles.items():
        for full in (name,) if name in AT else (f"left_{name}", f"right_{name}"):
            far[AT[full]] = value
    return far


def _plain(rest: Floats, far: Floats, holds: str = "", seat: bool = False) -> Performance:
    return Performance(rest=rest, moves=lambda u, _: blend(rest, far, u), holds=holds, seat=seat)


def _squats(rng: np.random.Generator, rest: Floats) -> Performance:
    arms = {"arm": about(rng, 80, 14), "arm_out": about(rng, 12, 12), "elbow": about(rng, 4, 8)}
    if rng.random() < 0.35:  # hands stay down, or at the head
        arms = {} if rng.random() < 0.5 else {"arm": about(rng, 60, 20), "elbow": about(rng, 110, 20), "arm_out": 30}
    far = _towards(rest, lean=about(rng, 27, 14), leg=about(rng, 84, 14), leg_out=about(rng, 18, 16),
                   knee=about(rng, -108, 16), **arms)  # fmt: skip
    return _plain(rest, far)


def _jumps(rng: np.random.Generator, rest: Floats) -> Performance:
    """Crouches, then leaves the floor."""
    crouch = _towards(rest, lean=about(rng, 16, 8), leg=about(rng, 36, 10), leg_out=about(rng, 45, 40),
                      knee=about(rng, -58, 14), arm=about(rng, -12, 16), arm_out=about(rng, 40, 40))  # fmt: skip
    arms = {"arm": about(rng, 155, 25), "arm_out": about(rng, 60, 35)} if rng.random() < 0.75 else {}
    air = _towards(rest, leg=about(rng, 13, 9), lift=about(rng, 0.16, 0.045), **arms)
    turn = float(rng.uniform(0.25, 0.45))

    def moves(u: Floats, _: Floats) -> Floats:
        down, up = np.minimum(u / turn, 1), np.clip((u - turn) / (1 - turn), 0, 1)
        return blend(rest, crouch, down) + blend(np.zeros_like(rest), air - crouch, up)

    return Performance(rest=rest, moves=moves)


def _curls(rng: np.random.Generator, rest: Floats) -> Performance:
    out = float(rng.uniform(0, 90))
    far = _towards(rest, arm=about(rng, 8, 8), elbow=about(rng, 138, 12))
    for side in ("left", "right"):
        rest[AT[f"{side}_elbow_out"]] = far[AT[f"{side}_elbow_out"]] = out - rest[AT[f"{side}_arm_out"]]
    if rng.random() < 0.2:  # one arm only
        one = str(rng.choice(("left", "right")))
        far[AT[f"{one}_elbow"]], far[AT[f"{one}_arm"]] = rest[AT[f"{one}_elbow"]], rest[AT[f"{one}_arm"]]
    return _plain(rest, far, holds="weights" if rng.random() < 0.75 else "")


def _raises(rng: np.random.Generator, rest: Floats) -> Performance:
    far = _towards(rest, arm=about(rng, 104, 18), arm_out=about(rng, 80, 14), elbow=about(rng, 4, 6))
    return _plain(rest, far)


def _pushups(rng: np.random.Generator, _: Floats) -> Performance:
    high, low = about(rng, 72, 4), about(rng, 83, 3)
    plank = pose(lean=high, nod=about(rng, -14, 12), arm=about(rng, 2, 5), arm_out=0, elbow=0,
                 leg=-high + about(rng, 1, 2), leg_out=0)  # fmt: skip
    far = _towards(plank, lean=low, arm=about(rng, -60, 12), elbow=about(rng, 116, 10), leg=-low + about(rng, 1, 2))
    return _plain(plank, far)


def _taps(rng: np.random.Generator, rest: Floats) -> Performance:
    one, other = rng.permutation(("left", "right"))
    forward = rng.random() < 0.2
    far = _towards(rest, **{f"{one}_leg": about(rng, 46, 10), f"{one}_leg_out": 15.0 if forward else 90.0,
                            f"{one}_knee": about(rng, -6, 8), "side": about(rng, 4, 4) * (-1 if one == "left" else 1),
                            f"{one}_arm": about(rng, 26, 16), f"{other}_arm": about(rng, 16, 10)})  # fmt: skip
    return _plain(rest, far)


def _sits(rng: np.random.Generator, rest: Floats) -> Performance:
    return _between(rest, seated(rng), about(rng, 18, 14))


def _stands(rng: np.random.Generator, rest: Floats) -> Performance:
    return _between(rest, stand(rng), about(rng, 18, 14))


def _between(rest: Floats, far: Floats, bow: float) -> Performance:
    """From the seat or to it, bowing on the way."""

    def moves(u: Floats, _: Floats) -> Floats:
        poses = blend(rest, far, u)
        poses[:, AT["lean"]] += bow * 4 * u * (1 - u)
        return poses

    return Performance(rest=rest, moves=moves, seat=True)


def _waves(rng: np.random.Generator, rest: Floats) -> Performance:
    one, hz, swing = str(rng.choice(("left", "right"))), rng.uniform(0.6, 1.8), about(rng, 40, 14)
    middle, way = about(rng, 46, 14), f"{one}_elbow"
    far = _towards(rest, **{f"{one}_arm": about(rng, 126, 16), f"{one}_arm_out": about(rng, 85, 12)})

    def moves(u: Floats, t: Floats) -> Floats:
        poses = blend(rest, far, u)
        poses[:, AT[way]] += u * (middle + swing * np.sin(2 * np.pi * hz * t))
        return poses

    return Performance(rest=rest, moves=moves)


def _jumping(rng: np.random.Generator, rest: Floats) -> Performance:
    once, period = _jumps(rng, rest), rng.uniform(0.9, 1.7)
    return Performance(
        rest=rest,
        moves=lambda u, t: once.moves(np.minimum(u * 1.4, 1) * (0.5 - 0.5 * np.cos(2 * np.pi * t / period)), t),
    )


def _bends(rng: np.random.Generator, rest: Floats) -> Performance:
    far = _towards(rest, lean=about(rng, 100, 14), nod=about(rng, 12, 10), arm=about(rng, 6, 12), arm_out=0,
                   leg=about(rng, -5, 4), leg_out=0, knee=about(rng, -4, 5))  # fmt: skip
    return _plain(rest, far)


def _drinks(rng: np.random.Generator, rest: Floats) -> Performance:
    one = str(rng.choice(("left", "right")))
    tip, hz = about(rng, 5, 5), rng.uniform(0.3, 0.9)
    arm = {"arm": about(rng, 56, 12), "arm_out": about(rng, 15, 15), "elbow": about(rng, 128, 12)}
    far = _towards(rest, nod=about(rng, -15, 8), **{f"{one}_{name}": value for name, value in arm.items()})

    def moves(u: Floats, t: Floats) -> Floats:
        poses = blend(rest, far, u)
        poses[:, AT[f"{one}_elbow"]] += u * tip * np.sin(2 * np.pi * hz * t)
        return poses

    return Performance(rest=rest, moves=moves, holds="cup")


def _reaches(rng: np.random.Generator, rest: Floats) -> Performance:
    one = str(rng.choice(("left", "right")))
    arm = {"arm": about(rng, 166, 12), "arm_out": about(rng, 70, 40), "elbow": 0.0}
    lean = about(rng, 4, 5) * (-1 if one == "left" else 1)
    far = _towards(rest, side=lean, **{f"{one}_{name}": value for name, value in arm.items()})
    return _plain(rest, far)


def _walks(rng: np.random.Generator, rest: Floats) -> Performance:
    hz, stride = rng.uniform(0.55, 1.1), about(rng, 26, 8)
    far = _towards(rest, lean=about(rng, 4, 4), leg=0, leg_out=0, arm=0, arm_out=0, elbow=about(rng, 14, 8))

    def moves(u: Floats, t: Floats) -> Floats:
        poses, swing = blend(rest, far, u), u * np.sin(2 * np.pi * hz * t)
        for side, sign in (("left", 1), ("right", -1)):
            poses[:, AT[f"{side}_leg"]] += sign * stride * swing
            poses[:, AT[f"{side}_arm"]] -= sign * stride * swing
            poses[:, AT[f"{side}_knee"]] -= 24 * np.maximum(0, -sign * swing)
        return poses

    return Performance(rest=rest, moves=moves)


_MAKERS: Mapping[str, Callable[[np.random.Generator, Floats], Performance]] = {
    **{"squats": _squats, "jumps": _jumps, "curls": _curls, "raises": _raises, "pushups": _pushups, "taps": _taps},
    **{"sits": _sits, "stands": _stands, "waves": _waves, "jumping": _jumping, "bends": _bends, "drinks": _drinks},
    **{"reaches": _reaches, "walks": _walks},
}
