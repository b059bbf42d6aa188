"""Charades-style items: "say start when the person waves, and stop when they stop", and a figure that acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import ImageDraw

from evals.booth import Booth, Speak
from evals.engines.voices import Split, speak
from evals.items import Event, Expect, Forbid, Item
from evals.render.acting import Action, Actor
from evals.render.body import Pose
from evals.render.figure import draw_seat, figure
from evals.render.motions import ACTIONS, KEPT_ACTIONS, SEATED, STAND
from evals.render.take import Filming, Scene, film_all
from evals.sets import build_set

BAND_S = 0.3  # how far two people would disagree about a boundary
ANSWER_S = 2.0  # until when an answer is told apart from a false alarm
ASKS = (
    "tell me start when the person {what} and stop when they stop",
    "as soon as the person {what} say start and say stop once they stop",
    "when you see the person {what} i want you to say start and then stop at the end of it",
    "say the word start if the person {what} and the word stop when it is over",
)
SPOKEN = {"sits": "sits down", "stands": "stands up", "reaches": "reaches up", "bends": "bends down"}
FAMILIES = {
    **{"sits": 23, "stands": 22, "waves": 23, "jumps": 23, "bends": 23, "drinks": 22, "reaches": 22, "walks": 22},
    **{"claps": 23, "squats": 23, "absent": 74},
}
_ASKED = tuple(ACTIONS)
# What may be seen besides, and never be mistaken for what was asked: same view, comparable motion.
_SIDE, _FRONT = ("sits", "bends", "drinks", "walks"), ("waves", "reaches", "claps", "jumps", "squats")
_ALIKE = ({"waves", "reaches"},)
_LARGE = ("sits", "bends", "walks", "jumps", "squats")  # what moves the whole body


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """seat: whether there is something to sit on."""

    seed: int
    seconds: float
    actor: Actor
    others: tuple[Actor, ...]
    seat: bool
    calm: bool = False

    def paint(self, draw: ImageDraw.ImageDraw, t_s: float) -> None:
        for other in self.others:
            other.paint(draw, t_s)
        if self.seat:
            draw_seat(draw, self.actor.figure)
        self.actor.paint(draw, t_s)


def build(
    folder: Path,
    split: Split = Split.TEST,
    seed: int = 0,
    items: int | None = None,
    say: Speak = speak,
    film: Filming = film_all,
) -> list[Item]:
    """Writes the set into `folder`. items: about as many, with the same shares."""
    scenes: dict[str, Scene] = {}

    def record(booth: Booth, name: str, family: str) -> Item:
        item, scenes[f"{name}.mp4"] = _record(booth, name, family)
        return replace(item, video=f"{name}.mp4")

    made = build_set(folder, "charades", split, seed, FAMILIES, record, items, say)
    film(folder, {item.video: scenes[item.video] for item in made})
    return made


def _record(booth: Booth, name: str, family: str) -> tuple[Item, Scene]:
    rng, place = booth.rng, int(name.rsplit("-", 1)[1])
    booth.wait(0.5, 2.0)
    asked = _ASKED[place % len(_ASKED)] if family == "absent" else family
    times = 0 if family == "absent" else 2 if place % 5 == 2 else 1
    what = SPOKEN.get(asked, asked)
    end = booth.ask(booth.pick(ASKS).format(what=what))
    rest, facing, shown = _cast(rng, asked, times)
    actions = _script(rng, shown, asked, facing, end + float(rng.uniform(0.8, 2.5)))
    last = actions[-1].end_s if actions else end + float(rng.uniform(6, 10))
    seconds = last + ANSWER_S + float(rng.uniform(0.5, 3.5))
    wanted = [action.seen for action in actions if action.name == asked]
    for start, stop in wanted:
        booth.events += [Event(t_s=start, kind="starts", text=asked), Event(t_s=stop, kind="stops", text=asked)]
    booth.tags |= {
        "asked_for": asked,
        "times": str(times),
        "kept": "yes" if asked in KEPT_ACTIONS else "no",
        "shown": " ".join(action.name for action in actions),
        "band_s": f"{BAND_S}",
    }
    expect = [
        Expect(text=word, from_s=at, to_s=at + ANSWER_S)
        for start, stop in wanted
        for word, at in (("start", start), ("stop", stop))
    ]
    forbid = () if expect else (Forbid(from_s=0.0, to_s=seconds),)
    item = booth.finish(name, seconds, expect, forbid)
    holds = "cup" if facing and any(action.name == "drinks" for action in actions) else ""
    actor = Actor(figure=figure(rng, facing, holds), rest=rest, actions=actions, sway=float(rng.uniform(0.2, 1.2)))
    scene = Play(
        seed=int(rng.integers(1 << 31)),
        seconds=item.duration_s,
        actor=actor,
        others=_bystander(rng, asked, seconds),
        seat=any(action.name in ("sits", "stands") for action in actions) or asked in ("sits", "stands"),
    )
    return item, scene


def _cast(rng: np.random.Generator, asked: str, times: int) -> tuple[Pose, int, list[str]]:
    """How they rest, where they face, and what they do, in order: the wanted one `times` times among others.

    Who walks never sits: the seat would be elsewhere.
    """
    rest, facing = ACTIONS[asked].rest, int(rng.choice(ACTIONS[asked].views))
    pool = ["drinks", "claps", "reaches"] if rest == SEATED else list(_SIDE if facing else _FRONT)
    unfit = {"walks": "sits", "sits": "walks"}.get(asked) or str(rng.choice(("sits", "walks")))
    pool = [name for name in pool if name not in (asked, unfit) and {name, asked} not in _ALIKE]
    others = [str(rng.choice(pool)) for _ in range(int(rng.integers(2, 4)) - (times == 2))]
    large = [name for name in pool if name in _LARGE]
    if asked in _LARGE and large:  # or how much moves would tell which one was asked for
        others[0] = str(rng.choice(large))
    shown = [*others, *[asked] * times]
    if not times and rng.random() < 0.15:
        return rest, facing, []
    order = rng.permutation(len(shown))
    return rest, facing, [shown[index] for index in order]


def _script(rng: np.random.Generator, shown: Sequence[str], asked: str, facing: int, at: float) -> tuple[Action, ...]:
    actions: list[Action] = []
    walks = shown.count("walks")
    span = float(rng.uniform(0.42, 0.6))
    shift = -facing * span / 2 if walks else 0.0
    for name in shown:
        rise = float(rng.uniform(0.45, 0.9))
        length = 2 * rise + float(rng.uniform(1.2, 4.2) if name != "jumps" else rng.uniform(1.6, 4.0))
        to = shift + facing * span if name == "walks" else shift
        actions.append(Action(name=name, start_s=at, end_s=at + length, rise_s=rise, facing=facing, shifts=(shift, to)))
        if name == "walks":
            facing = -facing  # the next walk leads back
        shift, at = to, at + length + float(rng.uniform(1.0, 2.6))
    return tuple(_turned(actions))


def _turned(actions: Sequence[Action]) -> list[Action]:
    """Whoever has walked still faces where they walked to, until they walk back."""
    turned, facing = [], actions[0].facing if actions else 0
    for action in actions:
        if action.name == "walks":
            facing = action.facing
        turned.append(replace(action, facing=facing))
    return turned


def _bystander(rng: np.random.Generator, asked: str, seconds: float) -> tuple[Actor, ...]:
    """Somebody in the background, who does other things."""
    if rng.random() > 0.25:
        return ()
    pool = [name for name in ("waves", "reaches", "claps", "jumps") if name != asked and {name, asked} not in _ALIKE]
    actions, at = [], float(rng.uniform(1, 6))
    while at + 4 < seconds:
        length = float(rng.uniform(2, 4))
        actions.append(Action(name=str(rng.choice(pool)), start_s=at, end_s=at + length, rise_s=0.5, facing=0))
        at += length + float(rng.uniform(1, 6))
    return (Actor(figure=figure(rng, 0, small=True), rest=STAND, actions=tuple(actions), sway=1.0),)
