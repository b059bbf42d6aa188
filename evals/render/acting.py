"""Who does what when: a figure whose pose follows a list of repetitions or of actions. Pure, except that it draws."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import ImageDraw

from evals.render.body import Pose, moved
from evals.render.figure import Figure, draw_figure
from evals.render.motions import ACTIONS, REPETITIONS

_ARMS = ("left_arm", "left_elbow", "right_arm", "right_elbow", "nod")
LEFT_REST = 0.05  # an action is seen to begin, and to have ended, at this share of its range


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """depth: 1 full, less for a half one. skew: of its two halves, 1 where both take the same time."""

    start_s: float
    end_s: float
    depth: float = 1.0
    skew: float = 1.0

    def reach(self, t_s: float) -> float:
        phase = ((t_s - self.start_s) / (self.end_s - self.start_s)) ** self.skew
        return self.depth * (0.5 - 0.5 * math.cos(2 * math.pi * phase))


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """rise_s: how long it takes to leave rest and to come back. shifts: where it stands before and after."""

    name: str
    start_s: float
    end_s: float
    rise_s: float
    facing: int
    shifts: tuple[float, float] = (0.0, 0.0)

    @property
    def seen(self) -> tuple[float, float]:
        """From when until when it is seen to be away from rest."""
        edge = self.rise_s * math.acos(1 - 2 * LEFT_REST) / math.pi
        return self.start_s + edge, self.end_s - edge

    def reach(self, t_s: float) -> float:
        near = min(t_s - self.start_s, self.end_s - t_s, self.rise_s) / self.rise_s
        return 0.5 - 0.5 * math.cos(math.pi * max(0.0, near))


def during(parts: Sequence[Repetition], t_s: float) -> Repetition | None:
    """The one that goes on at t_s; parts are in order and apart."""
    index = bisect.bisect_right([part.start_s for part in parts], t_s) - 1
    return parts[index] if index >= 0 and t_s < parts[index].end_s else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainee:
    """Repeats one motion."""

    figure: Figure
    motion: str
    repetitions: tuple[Repetition, ...]
    sway: float

    def paint(self, draw: ImageDraw.ImageDraw, t_s: float) -> None:
        motion, now = REPETITIONS[self.motion], during(self.repetitions, t_s)
        pose = motion.pose(now.reach(t_s), t_s - now.start_s) if now else motion.rest
        draw_figure(draw, self.figure, swaying(pose, self.sway, t_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Does one action after the other; faces and stands as the newest of them left it."""

    figure: Figure
    rest: Pose
    actions: tuple[Action, ...]
    sway: float

    def paint(self, draw: ImageDraw.ImageDraw, t_s: float) -> None:
        pose, last = self.rest, None
        for action in self.actions:
            if t_s >= action.start_s:
                last = action
        if last is None:
            facing, shift = (self.actions[0].facing, self.actions[0].shifts[0]) if self.actions else (None, 0.0)
        else:
            done = min(1.0, (t_s - last.start_s) / (last.end_s - last.start_s))
            facing, shift = last.facing, last.shifts[0] * (1 - done) + last.shifts[1] * done
            if t_s < last.end_s:
                pose = self._pose(last, t_s)
        build = self.figure.build if facing is None else replace(self.figure.build, facing=facing)
        who = replace(self.figure, build=build)
        draw_figure(draw, who, moved(swaying(pose, self.sway, t_s), shift=shift))

    def _pose(self, action: Action, t_s: float) -> Pose:
        motion = ACTIONS[action.name]
        pose = motion.pose(action.reach(t_s), t_s - action.start_s)
        if motion.rest == self.rest:
            return pose
        return replace(self.rest, **{name: getattr(pose, name) for name in _ARMS})  # the legs stay where they rest


def swaying(pose: Pose, by: float, t_s: float) -> Pose:
    """Nobody stands like a post."""
    a, b = math.sin(1.3 * t_s), math.sin(2.1 * t_s + 1)
    return moved(pose, lean=1.2 * by * a, left_arm=3 * by * b, right_arm=-3 * by * a, nod=2 * by * b)
