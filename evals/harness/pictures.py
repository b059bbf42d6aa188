"""An item's video as the pictures a client sends: one a micro-turn, cut to the square that a checkpoint takes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from evals.items import Item
from evals.media import film


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """at_ms: media time. square: RGB, row by row, `side` pixels each way.

    Over a wire it goes as a PNG, which loses nothing. On the virtual clock there is no wire, and nothing is packed only
    to be unpacked: what `decode_frame` makes of the PNG are these patches, byte by byte (a test).
    """

    at_ms: int
    side: int
    square: bytes

    def png(self) -> bytes:
        out = io.BytesIO()
        Image.frombytes("RGB", (self.side, self.side), self.square).save(out, "PNG", compress_level=1)
        return out.getvalue()

    def patches(self, grid: int) -> bytes:
        """`grid` patches each way, as `cluster.media.frames` lays them out."""
        patch = self.side // grid
        pixels = np.frombuffer(self.square, np.uint8).reshape(grid, patch, grid, patch, 3)
        return pixels.transpose(0, 2, 1, 3, 4).tobytes()


def pictures(item: Item, folder: Path, *, side: int) -> Iterator[Picture]:
    """Smaller pictures keep streams short and change nothing, for the server makes the same square.

    Raises ConfigError for a file that is no video.
    """
    for at_s, pixels in film(folder / item.video, item):
        square = ImageOps.fit(Image.fromarray(pixels), (side, side), Image.Resampling.BILINEAR)
        yield Picture(at_ms=round(1000 * at_s), side=side, square=square.tobytes())
