"""Scenes to films: each set plans scenes that can be pickled, and here they are drawn, several at a time."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import ImageDraw

from evals.render.backdrop import FPS, backdrop, canvas, shot
from evals.render.film import Picture, write

_ALONE = 12  # fewer scenes than this are not worth other processes


class Scene(Protocol):
    """calm: without furniture, occluder and most of the noise. seed: of the room and of the camera's shaking."""

    @property
    def seed(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def calm(self) -> bool: ...
    def paint(self, draw: ImageDraw.ImageDraw, t_s: float) -> None: ...


Filming = Callable[[Path, Mapping[str, Scene]], None]
"""(folder, scenes by the name of their file)"""


def pictures(scene: Scene) -> Iterator[Picture]:
    """[240, 320, 3] each; number k shows the scene at k / FPS."""
    room = backdrop(np.random.default_rng(scene.seed), calm=scene.calm)
    frames = int(scene.seconds * FPS)
    for index in range(frames):
        image = canvas(room, index)
        scene.paint(ImageDraw.Draw(image), index / FPS)
        yield shot(room, image, index, frames)


def film(path: Path, scene: Scene) -> None:
    write(path, pictures(scene))


def film_all(folder: Path, scenes: Mapping[str, Scene]) -> None:
    """scenes: by the name of their file."""
    paths = [folder / name for name in scenes]
    if len(scenes) < _ALONE:
        for path, scene in zip(paths, scenes.values(), strict=True):
            film(path, scene)
        return
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(film, paths, scenes.values(), chunksize=4))
