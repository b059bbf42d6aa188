"""ProactiveVideoQA-style items: a question first, then a scene in which the answer appears, later or never."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import ImageDraw

from evals.booth import Booth, Speak
from evals.engines.voices import Split, speak
from evals.items import Event, Expect, Forbid, Item
from evals.render.acting import Actor
from evals.render.scenery import Lights, Showing, lights, passer_by
from evals.render.shapes import COLOURS, KEPT_PAIRS, SHAPES
from evals.render.take import Filming, Scene, film_all
from evals.sets import build_set

AFTER_S = 1.0  # a reply may still come so long after what it tells of has gone
APPEAR_ASKS = (
    "tell me once you see a {what}",
    "let me know when there is a {what}",
    "please say it when a {what} comes up",
    "i am waiting for a {what} tell me when you see it",
)
WHAT_ASKS = (
    "please tell me what you see each time something comes up",
    "say what it is whenever you see something new",
    "name each thing that you see with its color",
)
LIGHT_ASKS = (
    "let me know when the light is {what}",
    "tell me as soon as the light goes {what}",
    "please say it when the light turns {what}",
)
FAMILIES = {"appear": 80, "what": 70, "light": 75, "wait": 75}
Pair = tuple[str, str]
_PAIRS = tuple((colour, shape) for colour in COLOURS for shape in SHAPES)
_TRAFFIC, _BULB = ("red", "yellow", "green"), ("red", "blue", "green", "yellow", "white")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What is before the camera, back to front."""

    seed: int
    seconds: float
    parts: tuple[Showing | Lights | Actor, ...]
    calm: bool = True

    def paint(self, draw: ImageDraw.ImageDraw, t_s: float) -> None:
        for part in self.parts:
            part.paint(draw, t_s)


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

    made = build_set(folder, "proactivevideoqa", split, seed, FAMILIES, record, items, say)
    film(folder, {item.video: scenes[item.video] for item in made})
    return made


def _record(booth: Booth, name: str, family: str) -> tuple[Item, Scene]:
    rng, place = booth.rng, int(name.rsplit("-", 1)[1])
    booth.wait(0.5, 2.0)
    waits = family == "wait"
    kind = ("appear", "light")[place % 2] if waits else family
    booth.tags["question"] = kind
    part, due, seconds = (_lit if kind == "light" else _shown)(booth, kind, place, waits)
    parts: list[Showing | Lights | Actor] = [part]
    if rng.random() < 0.3:
        parts.insert(0, passer_by(rng, seconds))
    for start, stop, text in due:
        booth.events += [Event(t_s=start, kind="appears", text=text), Event(t_s=stop, kind="gone", text=text)]
    expect = [Expect(text=text, from_s=start, to_s=stop + AFTER_S) for start, stop, text in due]
    forbid = () if expect else (Forbid(from_s=0.0, to_s=seconds),)
    item = booth.finish(name, seconds, expect, forbid)
    return item, Stage(seed=int(rng.integers(1 << 31)), seconds=item.duration_s, parts=tuple(parts))


def _shown(booth: Booth, kind: str, place: int, waits: bool) -> tuple[Showing, list[tuple[float, float, str]], float]:
    rng = booth.rng
    wanted = _pair(rng, kept=place % 4 in (1, 2))
    ask = WHAT_ASKS if kind == "what" else APPEAR_ASKS
    at = booth.ask(booth.pick(ask).format(what=" ".join(wanted))) + 2.0 + float(rng.uniform(0, 2.5))
    shown = _appear_order(rng, wanted, waits) if kind == "appear" else _what_order(rng, wanted)
    times = []
    for _ in shown:
        stays = float(rng.uniform(2.0, 4.0))
        times.append((round(at, 3), round(at + stays, 3)))
        at += stays + AFTER_S + float(rng.uniform(0.3, 1.8))
    due = [(*span, " ".join(pair)) for pair, span in zip(shown, times, strict=True) if kind == "what" or pair == wanted]
    told = wanted if kind == "appear" else None
    kept = any(pair in KEPT_PAIRS for pair in (shown if told is None else [wanted]))
    booth.tags |= {"kept": "yes" if kept else "no", "target": " ".join(told or ()), "shown": str(len(shown))}
    last = times[-1][1] if times else at + float(rng.uniform(6, 12))
    return Showing.of(rng, shown, times), due, last + AFTER_S + float(rng.uniform(0.5, 3.0))


def _lit(booth: Booth, kind: str, place: int, waits: bool) -> tuple[Lights, list[tuple[float, float, str]], float]:
    rng = booth.rng
    traffic = place % 4 < 2
    colours = _TRAFFIC if traffic else _BULB
    wanted = colours[int(rng.integers(len(colours)))]
    at = booth.ask(booth.pick(LIGHT_ASKS).format(what=wanted)) + 2.0 + float(rng.uniform(0, 2.5))
    others = [colour for colour in colours if colour != wanted] + ([] if traffic else [""])
    order = [str(rng.choice(others))]
    turns = 0 if waits else int(rng.integers(1, 3))
    while len(order) < int(rng.integers(3, 6)) + turns or turns:
        if turns and order[-1] != wanted and rng.random() < 0.45:
            order.append(wanted)
            turns -= 1
        else:
            order.append(str(rng.choice([colour for colour in others if colour != order[-1]])))
    changes, due = [(0.0, order[0])], []
    for lit in order[1:]:
        changes.append((round(at, 3), lit))
        stays = float(rng.uniform(2.0, 4.0))
        if lit == wanted:
            due.append((round(at, 3), round(at + stays, 3), wanted))
        at += stays
    booth.tags |= {"kept": "no", "target": wanted, "shown": str(len(order)), "lamp": "traffic" if traffic else "bulb"}
    changes.append((round(at, 3), str(rng.choice([colour for colour in others if colour != order[-1]]))))
    return lights(rng, changes, traffic=traffic), due, at + AFTER_S + float(rng.uniform(1.0, 3.0))


def _pair(rng: np.random.Generator, *, kept: bool) -> Pair:
    pool = [pair for pair in _PAIRS if (pair in KEPT_PAIRS) == kept]
    return pool[int(rng.integers(len(pool)))]


def _appear_order(rng: np.random.Generator, wanted: Pair, waits: bool) -> list[Pair]:
    """The wanted one once or twice, among others of which half share its colour or its shape."""
    near = [pair for pair in _PAIRS if pair != wanted and (pair[0] == wanted[0]) != (pair[1] == wanted[1])]
    far = [pair for pair in _PAIRS if pair[0] != wanted[0] and pair[1] != wanted[1]]
    times = 0 if waits else 1 + (rng.random() < 0.35)
    count = int(rng.integers(1, 4))
    if waits and rng.random() < 0.2:
        return []
    others = [
        pool[int(rng.integers(len(pool)))] for pool in (near if rng.random() < 0.5 else far for _ in range(count))
    ]
    shown: list[Pair] = [*others, *[wanted] * times]
    return [shown[index] for index in rng.permutation(len(shown))]


def _what_order(rng: np.random.Generator, first: Pair) -> list[Pair]:
    shown = [first]
    while len(shown) < int(rng.integers(1, 6)):
        shown.append(_pair(rng, kept=bool(rng.random() < 0.4)))
    return [shown[index] for index in rng.permutation(len(shown))]
