"""Reels of people who exercise or act, before any background, sometimes with somebody else behind them."""

from __future__ import annotations

import numpy as np
from PIL import ImageDraw

from training.sights import acting, motions
from training.sights.acting import Part
from training.sights.body import AT, Floats, build, joints, stance
from training.sights.canvas import Camera, Picture, any_colour, camera, sheet
from training.sights.figure import Person, Seen, draw_person, draw_seat, person, posed
from training.sights.motions import ACTIONS, MOTIONS, REPETITIONS, Performance, perform
from training.sights.reel import EVENTS, PHASES, REPETITION, START, STOP, Event, Scene, Shoot, Take, empty_track

REST = 12  # pictures at rest before anything happens
AFTER = 6
_FRONT, _SIDE = ("waves", "reaches", "jumps"), ("sits", "bends", "drinks", "walks", "reaches")
_SEATED = ("stands", "drinks", "waves", "reaches")


def exercise(rng: np.random.Generator, name: str = "") -> Take:
    """Repetitions of one motion."""
    name = name or str(rng.choice(REPETITIONS))
    parts = acting.repetitions(rng, name, REST * 0.2 + rng.uniform(0, 0.2), rng.uniform(5, 15))
    rest = motions.stand(rng)
    own = perform(rng, name, rest)
    return _film(rng, "exercise", parts, {name: own}, motions.view(rng, name), own.rest, own.holds)


def act(rng: np.random.Generator, name: str = "") -> Take:
    """One to four actions, `name` among them."""
    name = name or str(rng.choice(ACTIONS))
    yaw = motions.view(rng, name)
    sits = name == "stands" or (name in _SEATED and rng.random() < 0.15)
    rest = motions.seated(rng) if sits else motions.stand(rng)
    pool = _SEATED if sits else _SIDE if abs(np.sin(np.radians(yaw))) > 0.6 else _FRONT
    unfit = "sits" if name == "walks" else "walks" if name == "sits" or rng.random() < 0.5 else "sits"
    pool = tuple(each for each in pool if each != unfit)
    names = [name, *(str(rng.choice(pool)) for _ in range(int(rng.integers(0, 4))))]
    names = [names[index] for index in rng.permutation(len(names))]
    parts = acting.actions(rng, names, REST * 0.2 + rng.uniform(0, 0.2))
    own = {each: perform(rng, "jumping" if each == "jumps" else each, rest) for each in dict.fromkeys(names)}
    holds = "cup" if ("drinks" in own and rng.random() < 0.92) or rng.random() < 0.06 else ""
    return _film(rng, "act", parts, own, yaw, rest, holds)


def _film(
    rng: np.random.Generator,
    kind: str,
    parts: list[Part],
    own: dict[str, Performance],
    yaw: float,
    rest: Floats,
    holds: str,
) -> Take:
    count = round(parts[-1].end_s / 0.2) + AFTER + int(rng.integers(0, 4))
    t_K = np.arange(count) * 0.2 + rng.uniform(0, 0.2)
    poses = np.tile(rest, (count, 1))
    track, events, reach_K = empty_track(count), [], np.zeros(count)
    for part in parts:
        u_K = part.reach(t_K)
        moving = u_K > 0
        poses[moving] = own[part.name].moves(u_K[moving], t_K[moving] - part.start_s)
        track[u_K >= PHASES[0], 0] = MOTIONS.index(part.name)
        reach_K += u_K
        events += _events(part, t_K)
    track[:, 1] = np.digitize(reach_K, PHASES)
    for event in events:
        if event.k < count and event.kind in EVENTS:
            track[event.k, 2] = EVENTS.index(event.kind)
    if "walks" in own:
        _stroll(rng, parts, poses, t_K)
    who = person(rng, build(rng, yaw), holds)
    poses = _sway(rng, poses, t_K)
    shoot, eye = _shoot(rng, who, poses, t_K, seat=any(each.seat for each in own.values()))
    shown = tuple(dict.fromkeys(part.name for part in parts))
    told = stance(joints(poses, who.body)[0]).astype(np.float32)
    scene = Scene(kind=kind, rest=REST, events=tuple(events), shown=shown, track_KC=track, stance_KQ=told)
    return shoot, eye, scene


def _events(part: Part, t_K: Floats) -> list[Event]:
    if part.rise_s:
        first, last = acting.seen(part, t_K)
        return [Event(first, START, part.name), Event(last, STOP, part.name)]
    return [Event(acting.ended(part, t_K), REPETITION, part.name)] if part.depth > 0.5 else []


def _stroll(rng: np.random.Generator, parts: list[Part], poses: Floats, t_K: Floats) -> None:
    """Walks across the picture, there and back."""
    place, way = -0.5 * (span := rng.uniform(0.35, 0.75)), 1.0
    for part in parts:
        if part.name == "walks":
            done = np.clip((t_K - part.start_s) / (part.end_s - part.start_s), 0, 1)
            poses[t_K >= part.start_s, AT["turn"]] = 0.0 if way > 0 else 180.0
            poses[:, AT["shift"]] = np.where(t_K >= part.start_s, place + way * span * done, poses[:, AT["shift"]])
            if part is parts[0] or not poses[0, AT["shift"]]:
                poses[t_K < part.start_s, AT["shift"]] = place
            place, way = place + way * span, -way


def _sway(rng: np.random.Generator, poses: Floats, t_K: Floats) -> Floats:
    """Nobody stands like a post."""
    by = rng.uniform(0, 1.4)
    for name, degrees in (("lean", 1.3), ("side", 1.3), ("nod", 4.0), ("left_arm", 3.0), ("right_arm", 3.0)):
        wave = np.sin(rng.uniform(0, 6.3) + rng.uniform(0.7, 2.4) * t_K)
        poses[:, AT[name]] += by * degrees * wave
    return poses


def _shoot(rng: np.random.Generator, who: Person, poses: Floats, t_K: Floats, *, seat: bool) -> tuple[Shoot, Camera]:
    eye, tone = camera(rng, len(t_K), calm=False), any_colour(rng, 0.6)
    others = [bystander(rng, t_K)] if rng.random() < 0.28 else []
    own = posed(who, poses)

    def shoot(k: int) -> Picture:
        draw = ImageDraw.Draw(image := sheet())
        for other, spots in others:
            draw_person(draw, other, *spots[k])
        if seat:
            draw_seat(draw, who, tone)
        draw_person(draw, who, *own[k])
        return eye.shot(image, k)

    return shoot, eye


def bystander(rng: np.random.Generator, t_K: Floats) -> tuple[Person, list[Seen]]:
    """Somebody small at one side: a person, and where their joints are in each picture."""
    rest = motions.stand(rng)
    name = str(rng.choice(("raises", "taps", "jumps", "waves", "reaches", "walks")))
    own = perform(rng, name, rest)
    if name in ACTIONS:
        parts = acting.actions(rng, [name] * 4, rng.uniform(0, 5))
    else:
        parts = acting.repetitions(rng, name, rng.uniform(0, 5), rng.uniform(4, 15))
    poses = np.tile(rest, (len(t_K), 1))
    for part in parts:
        u_K = part.reach(t_K)
        poses[u_K > 0] = own.moves(u_K[u_K > 0], t_K[u_K > 0] - part.start_s)
    who = person(rng, build(rng, motions.view(rng, name)), small=True)
    return who, posed(who, _sway(rng, poses, t_K))
