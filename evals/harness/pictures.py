"""An item's video as the pictures a client sends: one a micro-turn, cut to the square that a checkpoint takes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from evals.items import Item
from evals.media import film


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """data: a PNG. at_ms: media time."""

    at_ms: int
    data: bytes


def pictures(item: Item, folder: Path, *, side: int) -> Iterator[Picture]:
    """Smaller pictures keep streams short and change nothing, for the server makes the same square.

    Raises ConfigError for a file that is no video.
    """
    for at_s, pixels in film(folder / item.video, item):
        yield Picture(at_ms=round(1000 * at_s), data=_png(Image.fromarray(pixels), side))


def _png(image: Image.Image, side: int) -> bytes:
    out = io.BytesIO()
    ImageOps.fit(image, (side, side), Image.Resampling.BILINEAR).save(out, "PNG", compress_level=1)
    return out.getvalue()
