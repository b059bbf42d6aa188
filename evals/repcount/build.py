"""RepCount-style items: somebody asks to have repetitions counted, and a figure (or a lamp) repeats something."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import ImageDraw

from evals.booth import Booth, Speak
from evals.engines.base import RATE, Samples
from evals.engines.voices import Split, speak
from evals.items import Event, Expect, Forbid, Item
from evals.numbers import say_count
from evals.render.acting import Repetition, Trainee
from evals.render.figure import figure
from evals.render.motions import KEPT_REPETITIONS, REPETITIONS
from evals.render.shapes import COLOURS, draw_bulb
from evals.render.take import Filming, Scene, film_all
from evals.repcount.counts import count_at, full, repetitions
from evals.sets import build_set

LIVE_S = 1.0  # how soon after its end a repetition is counted live
TAIL_S = 3.0
ASKS = (
    "please count out my {what}",
    "i am going to do some {what} so count them out",
    "count each one of my {what} please",
    "could you count these {what} for me",
    "let me hear the number after each of my {what}",
)
LIGHT_ASKS = (
    "please count how many times the light turns on",
    "count it each time the light turns on",
    "tell me the number whenever the light turns on",
)
FULL_ONLY = (" but only the full ones", " and leave out the half ones")
SPOKEN = {"pushups": "push ups"}
FAMILIES = {
    **{"squats": 30, "jumps": 30, "curls": 29, "raises": 29, "pushups": 29, "taps": 29},
    **{"bends": 25, "light": 25, "nothing": 74},
}
_ASKED = ("squats", "jumps", "curls", "raises", "pushups", "taps", "bends", "light")
_ALIKE = {frozenset(pair) for pair in (("squats", "jumps"), ("curls", "raises"))}  # never shown for one another
_GOLDEN = 0.6180339887


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamp:
    """on: from when until when it shines."""

    x: float
    colour: tuple[int, int, int]
    on: tuple[tuple[float, float], ...]

    def paint(self, draw: ImageDraw.ImageDraw, t_s: float) -> None:
        draw_bulb(draw, self.x, 104, 30, self.colour, any(start <= t_s < end for start, end in self.on))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gym:
    seed: int
    seconds: float
    players: tuple[Trainee | Lamp, ...]
    calm: bool = False

    def paint(self, draw: ImageDraw.ImageDraw, t_s: float) -> None:
        for player in self.players:
            player.paint(draw, t_s)


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

    made = build_set(folder, "repcount", split, seed, FAMILIES, record, items, say)
    film(folder, {item.video: scenes[item.video] for item in made})
    return made


def _record(booth: Booth, name: str, family: str) -> tuple[Item, Scene]:
    rng, place = booth.rng, int(name.rsplit("-", 1)[1])
    booth.wait(0.5, 2.0)
    asked = _ASKED[place % len(_ASKED)] if family == "nothing" else family
    count = 0 if family == "nothing" else count_at(place * _GOLDEN + 0.37 * _ASKED.index(family))
    halves = int(rng.integers(1, 4)) if 1 < count < 25 and asked != "light" and rng.random() < 0.2 else 0
    end = booth.ask(_request(booth, asked, halves))
    start = end + float(rng.uniform(0.8, 2.5))
    shown = asked if count else _other(rng, asked)
    parts = repetitions(rng, count or int(rng.integers(4, 12)), start, halves) if shown else ()
    seconds = (parts[-1].end_s if parts else start + float(rng.uniform(7, 14))) + TAIL_S + float(rng.uniform(0, 1.0))
    ends = _ends(shown, parts) if count else []
    booth.events += [Event(t_s=at, kind="repetition", text=say_count(k)) for k, at in enumerate(ends, 1)]
    if rng.random() < 0.3:
        _metronome(booth, end + 0.5, seconds)
    players = _players(rng, shown or asked, parts, seconds, start, moving=bool(shown))
    booth.tags |= {
        "asked_for": asked,
        "shown": shown or "nothing",
        "count": str(count),
        "halves": str(halves),
        "kept": "yes" if asked in KEPT_REPETITIONS else "no",
        "pace": _pace(parts) if count else "none",
        "bystander": "yes" if len(players) > 1 else "no",
    }
    expect = tuple(Expect(text=say_count(k), from_s=at, to_s=at + LIVE_S) for k, at in enumerate(ends, 1))
    forbid = () if count else (Forbid(from_s=0.0, to_s=seconds),)
    item = booth.finish(name, seconds, expect, forbid)
    return item, Gym(seed=int(rng.integers(1 << 31)), seconds=item.duration_s, players=players)


def _request(booth: Booth, asked: str, halves: int) -> str:
    if asked == "light":
        return booth.pick(LIGHT_ASKS)
    return booth.pick(ASKS).format(what=SPOKEN.get(asked, asked)) + (booth.pick(FULL_ONLY) if halves else "")


def _other(rng: np.random.Generator, asked: str) -> str:
    """Another motion that is not to be counted, or none at all."""
    if asked == "light" or rng.random() < 0.4:
        return ""
    others = [name for name in REPETITIONS if name != asked and frozenset((name, asked)) not in _ALIKE]
    return others[int(rng.integers(len(others)))]


def _ends(shown: str, parts: tuple[Repetition, ...]) -> list[float]:
    """When each may be counted: at its end; a lamp when it turns on."""
    return [round(part.start_s if shown == "light" else part.end_s, 4) for part in full(parts)]


def _players(
    rng: np.random.Generator, shown: str, parts: tuple[Repetition, ...], seconds: float, start: float, *, moving: bool
) -> tuple[Trainee | Lamp, ...]:
    players: list[Trainee | Lamp] = []
    if rng.random() < 0.25:  # somebody else, out of phase, doing something else
        motion = str(rng.choice([name for name in ("raises", "taps", "jumps") if name != shown]))
        other = repetitions(rng, int(rng.integers(3, 14)), start + float(rng.uniform(0, 2)))
        other = tuple(part for part in other if part.end_s < seconds)
        players.append(
            Trainee(figure=figure(rng, 0, small=True), motion=motion, repetitions=other, sway=float(rng.uniform(0, 1)))
        )
    if shown == "light":
        colour = COLOURS[str(rng.choice(("yellow", "white", "red", "green")))]
        on = [(part.start_s, part.start_s + max(0.42, 0.5 * (part.end_s - part.start_s))) for part in parts]
        steady = [] if moving or rng.random() < 0.5 else [(0.0, seconds)]
        players.append(Lamp(x=160 + float(rng.uniform(-40, 40)), colour=colour, on=(*on, *steady)))
    else:
        motion = REPETITIONS[shown]
        who = figure(rng, int(rng.choice(motion.views)), motion.holds)
        players.append(Trainee(figure=who, motion=shown, repetitions=parts, sway=float(rng.uniform(0.2, 1.2))))
    return tuple(players)


def _pace(parts: tuple[Repetition, ...]) -> str:
    mean = sum(part.end_s - part.start_s for part in parts) / len(parts)
    return "fast" if mean < 1.2 else "medium" if mean < 2.5 else "slow"


def _metronome(booth: Booth, from_s: float, to_s: float) -> None:
    """Clicks that have nothing to do with what is seen."""
    period = float(booth.rng.uniform(0.5, 1.7))
    click = _click(float(booth.rng.uniform(900, 2400)))
    for at in np.arange(from_s, to_s - 0.2, period):
        booth.stage.add(click, float(at), gain_db=-6.0)
    booth.tags["clicks"] = "yes"


def _click(hz: float) -> Samples:
    t = np.arange(RATE // 25) / RATE
    return (0.3 * np.sin(2 * np.pi * hz * t) * np.exp(-t / 0.008)).astype(np.float32)
