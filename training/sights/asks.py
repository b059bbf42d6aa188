"""What can be asked of a camera, and in which words. Evaluation has its own and shares no four words in a row.

A closed set: everything that is ever said here can be listed, with what it asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from training.sights.motions import ACTIONS, REPETITIONS
from training.sights.shows import LIGHTS
from training.sights.things import PAIRS

REPS = (
    *("count my {what}", "count my {what}", "please count my {what}", "count the {what} i do", "count {what}"),
    *("can you count my {what}", "keep count of my {what}", "count how many {what} i do", "count my {what} out loud"),
    *(
        "now count my {what}",
        "i do {what} you count",
        "say how many {what} i have done each time",
        "count all the {what}",
    ),
)
ACTS = (
    "say start when somebody {does} say stop when that ends",
    "when the man {does} say start then stop after it",
    "say start when she {does} then stop when it ends",
    "start when he {does} stop when he is done",
    "please say start once somebody {does} and stop after that",
    "call start when you see someone {do} then stop when it ends",
    "watch and say start when they {do} and say stop after it",
    "say start as he {does} and say stop when he no longer does",
    "say start if you see her {do} and stop once she has done it",
    "tell me start and stop when somebody {does}",
)
SEE = (
    *(
        "say so when a {what} appears",
        "look out for a {what}",
        "call out any {what} that appears",
        "watch for a {what}",
    ),
    *("when a {what} appears tell me", "say it if a {what} is there", "tell me if a {what} shows up"),
    *("say when you can see a {what}", "find a {what} and tell me", "wait for the {what}", "is there a {what} say so"),
)
LOOK = (
    *("say what you see", "say what you see", "tell me what appears", "keep saying what you see", "name what shows up"),
    *("say everything that appears", "name all the shapes you can see", "look and say what is there"),
    *("tell what you can see", "what do you see now and then", "say color and name of what is there"),
)
LIGHT = (
    *("say when the light becomes {what}", "wait for a {what} light and say so", "call out when it turns {what}"),
    *("when it gets {what} tell me", "watch the light and say when it is {what}", "say {what} when the lamp is that"),
    *("tell me about the {what} light", "say if the light has turned {what}", "look out for {what} light"),
)
_DOES = {
    **{"sits": ("sits down", "sits"), "stands": ("stands up", "gets up"), "waves": ("waves", "waves a hand")},
    **{
        "jumps": ("jumps", "starts to jump"),
        "bends": ("bends down", "bends over"),
        "drinks": ("drinks", "drinks it"),
    },
    **{"reaches": ("reaches up", "reaches for it"), "walks": ("walks", "walks there")},
}
_DO = {
    **{"sits": ("sit down", "sit"), "stands": ("stand up", "get up"), "waves": ("wave", "wave a hand")},
    **{"jumps": ("jump", "jumping"), "bends": ("bend down", "bend over"), "drinks": ("drink", "drink it")},
    **{"reaches": ("reach up", "reach for it"), "walks": ("walk", "walking")},
}
_REPS = {name: (name,) for name in REPETITIONS} | {"pushups": ("pushups", "push ups")}


@dataclass(frozen=True, slots=True)
class Ask:
    """kind: of `tasks.Kind`. say: what is to be said. cue: the motion to watch for."""

    kind: str
    words: str
    say: str = ""
    cue: str = ""


def everything() -> Iterator[Ask]:
    """Every request there is."""
    for kind in KINDS:
        for template in _BY_KIND[kind]:
            for what in _things(kind):
                yield from _filled(kind, template, what)


def random_ask(rng: np.random.Generator, kind: str) -> Ask:
    things, templates = _things(kind), _BY_KIND[kind]
    what = things[int(rng.integers(len(things)))]
    options = list(_filled(kind, templates[int(rng.integers(len(templates)))], what))
    return options[int(rng.integers(len(options)))]


def _filled(kind: str, template: str, what: str) -> Iterator[Ask]:
    if kind == "reps":
        yield from (Ask(kind, template.format(what=words), cue=what) for words in _REPS[what])
    elif kind == "acts":
        for does, do in zip(_DOES[what], _DO[what], strict=True):
            yield Ask(kind, template.format(does=does, do=do), cue=what)
    else:
        yield Ask(kind, template.format(what=what), say=what)


def _things(kind: str) -> tuple[str, ...]:
    return {"reps": REPETITIONS, "acts": ACTIONS, "see": tuple(" ".join(pair) for pair in PAIRS), "look": ("",)}.get(
        kind, LIGHTS
    )


_BY_KIND = {"reps": REPS, "acts": ACTS, "see": SEE, "look": LOOK, "light": LIGHT}
KINDS = tuple(_BY_KIND)
