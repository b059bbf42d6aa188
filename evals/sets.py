"""Building a set: one plan of families, one random stream per item, every item the same whoever builds it when."""

from __future__ import annotations

import shutil
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from evals.booth import Booth, Speak
from evals.engines.voices import ASKING_PERSON, PEOPLE_NEARBY, Split, speak, speeds, voices
from evals.items import Item, write_set
from evals.stage import write

Record = Callable[[Booth, str, str], Item]
"""(booth, id, family) to an item whose samples are in the booth"""
PEOPLE = " by people"  # ends the name of a family in which a recorded person asks
_FAST_SLOW = (0.7, 1.3)  # only in tests


def build_set(
    folder: Path,
    name: str,
    split: Split,
    seed: int,
    families: Mapping[str, int],
    record: Record,
    items: int | None = None,
    say: Speak = speak,
    unusual: float = 0.2,
) -> list[Item]:
    """families: how many items of each in the whole set; `items` makes a smaller one with the same shares.
    unusual: the share of the items of a test that are spoken slowly or fast, where the engine can.

    Writes manifest and media into an empty `folder`. Raises ConfigError for an engine that is not installed.
    """
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    total = sum(families.values())
    share = 1.0 if items is None else items / total
    if split is Split.DEV:  # recorded people are for tests only
        families = {family: count for family, count in families.items() if not family.endswith(PEOPLE)}
    plan = [family for family, count in families.items() for _ in range(max(1, round(count * share)))]
    places = Counter[str]()
    jobs = []
    for index, family in enumerate(plan):
        jobs.append((index, family, places[family]))
        places[family] += 1

    def make(job: tuple[int, str, int]) -> Item:
        index, family, place = job
        rng = np.random.default_rng([seed, zlib.crc32(f"{name}/{split}".encode()), index])
        booth = enter(rng, split, place, say, unusual, people=family.endswith(PEOPLE))
        booth.tags["family"] = family.removesuffix(PEOPLE)
        item = record(booth, f"{family.replace(' ', '-')}-{place:03d}", booth.tags["family"])
        write(folder / item.audio, booth.stage.samples_N)
        return item

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(make, jobs))
    write_set(folder, made)
    return made


def enter(
    rng: np.random.Generator, split: Split, place: int, say: Speak, unusual: float, people: bool = False
) -> Booth:
    """Voices in turn, so that every family has every voice; the other voice is of another engine where there is one."""
    cast = voices(split)
    user = ASKING_PERSON if people else cast[place % len(cast)]
    others = [voice for voice in cast if voice.split(":")[0] != user.split(":")[0]] or [v for v in cast if v != user]
    if split is Split.TEST:
        others += [voice for voice in PEOPLE_NEARBY if voice != user] * 3
    speed = 1.0
    if split is Split.TEST and rng.random() < unusual:
        speed = float(rng.choice(_FAST_SLOW))
    speed = speed if speed in speeds(user) else 1.0
    booth = Booth(rng=rng, speak=say, user=user, other=str(rng.choice(others)), speed=speed)
    booth.tags |= {"voice": user, "engine": user.split(":")[0], "speed": f"{speed}", "split": str(split)}
    return booth
