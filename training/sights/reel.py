"""A reel: pictures of one scene, one a micro-turn, and what can be seen in them. It begins and ends at rest.

Shapes: K pictures, S pixels of a side; the columns of a track are `TRACK`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.sights.body import STANCE
from training.sights.canvas import Camera, Picture
from training.sights.motions import MOTIONS
from training.sights.things import COLOURS, SHAPES

TRACK = ("motion", "phase", "event", "colour", "shape", "light")
SIZES = (len(MOTIONS), 5, 4, 1 + len(COLOURS), 1 + len(SHAPES), 1 + len(COLOURS))
"""How many values each column of a track takes; 0 is always nothing, or rest."""
PHASES = (0.1, 0.35, 0.65, 0.9)  # from one phase of a motion to the next
REPETITION, START, STOP, SEE, LIGHT = "repetition", "start", "stop", "see", "light"
EVENTS = ("", REPETITION, START, STOP)  # those of a body


@dataclass(frozen=True, slots=True)
class Event:
    """Picture k is the first in which it can be told. what: a motion, a colour and a shape, or a colour."""

    k: int
    kind: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is known of a reel beside its pictures. rest: so many pictures at the start in which nothing happens.

    shown: what it shows, whether whole or not. stance: `body.stance` of who is in front, NaN without anybody.
    """

    kind: str
    rest: int
    events: tuple[Event, ...]
    shown: tuple[str, ...]
    track_KC: npt.NDArray[np.uint8]
    stance_KQ: npt.NDArray[np.float32]
    lit: str = ""

    def __len__(self) -> int:
        return len(self.track_KC)


Shoot = Callable[[int], Picture]
"""What is drawn before the room in picture k, [S, S, 4], colours multiplied by how much is covered."""
Take = tuple[Shoot, Camera, Scene]


def nobody(count: int) -> npt.NDArray[np.float32]:
    return np.full((count, STANCE), np.nan, np.float32)


def empty_track(count: int) -> npt.NDArray[np.uint8]:
    return np.zeros((count, len(TRACK)), np.uint8)
