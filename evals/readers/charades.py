"""Charades: `Charades_v1_test.csv` (id, actions "c092 11.90 21.20;…", length), `Charades_v1_classes.txt`, and films.

One action a film: the first that occurs once in it and lasts at most 60 % of it; films without one are left out.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from cluster.errors import ConfigError
from evals.charades.build import ANSWER_S
from evals.items import Expect, Item
from evals.readers.files import SHOWN_S, TAIL_S, first, number, rows, shown

LONGEST_SHARE = 0.6
Spotted = tuple[str, float, float]


def read(folder: Path) -> list[Item]:
    classes = _classes(first(folder, ("Charades_v1_classes.txt", "Charades/Charades_v1_classes.txt"), "class list"))
    table = first(folder, ("Charades_v1_test.csv", "Charades/Charades_v1_test.csv"), "annotations")
    items = []
    for where, row in rows(table, ("id", "actions", "length")):
        length = number(where, "length", row["length"])
        chosen = _choose(_actions(where, row["actions"]), length)
        if chosen:
            items.append(_item(folder, where, row["id"], length, chosen, classes))
    return items


def _item(folder: Path, where: str, name: str, length: float, chosen: Spotted, classes: dict[str, str]) -> Item:
    label, start, stop = chosen
    if label not in classes:
        raise ConfigError(where, f"actions: class {label} is not in the class list")
    places = (f"{place}{name}.mp4" for place in ("Charades_v1_480/", "Charades_v1/", "videos/", ""))
    film = first(folder, places, f"{where}: id")
    action = classes[label].lower()
    at = {"start": SHOWN_S + start, "stop": SHOWN_S + stop}
    return Item(
        id=name,
        duration_s=round(SHOWN_S + length + TAIL_S, 3),
        video=str(film),
        text=f"say start when the person starts doing {action} and stop when they stop",
        expect=tuple(Expect(text=word, from_s=when, to_s=when + ANSWER_S) for word, when in at.items()),
        tags={"family": label, "format": "charades", "asked_for": action, **shown()},
    )


def _classes(path: Path) -> dict[str, str]:
    """Lines of "c000 Holding some clothes"."""
    found = {}
    for index, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        label, _, words = line.strip().partition(" ")
        if not label:
            continue
        if not words or label[0] != "c" or not label[1:].isdigit():
            raise ConfigError(f"{path}:{index}", f"{line!r} is not like 'c000 Holding some clothes'")
        found[label] = words
    return found


def _actions(where: str, text: str) -> list[Spotted]:
    found = []
    for part in filter(None, text.split(";")):
        fields = part.split()
        if len(fields) != 3:
            raise ConfigError(where, f"actions: {part!r} is not a class with its start and end in seconds")
        found.append((fields[0], number(where, "actions", fields[1]), number(where, "actions", fields[2])))
    return found


def _choose(actions: list[Spotted], length: float) -> Spotted | None:
    times = Counter(label for label, _, _ in actions)
    fitting = (each for each in actions if times[each[0]] == 1 and 0 < each[2] - each[1] <= LONGEST_SHARE * length)
    return next(fitting, None)
