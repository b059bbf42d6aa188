"""A camera picture to the patches of one micro-turn. Limits are checked before any pixel is decoded.

Shapes: S pixels of the square picture's side (grid x patch), P patches, B bytes of a patch.
"""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from cluster.errors import MediaError
from cluster.media.spec import MAX_FRAME_BYTES, MAX_FRAME_SIDE, Codec, MediaSpec

_FIELD = "video.data"


def decode_frame(data: bytes, codec: Codec, spec: MediaSpec) -> bytes:
    """Patches of the centre square: uint8, row-major [P, B], each patch [patch, patch, RGB].

    Raises MediaError. May take tens of milliseconds: call it off the event loop.
    """
    if not data:
        raise MediaError(_FIELD, "is empty; send one picture")
    if len(data) > MAX_FRAME_BYTES:
        raise MediaError(_FIELD, f"{len(data)} bytes exceed {MAX_FRAME_BYTES}; send a smaller picture")
    side = spec.vision_grid * spec.vision_patch
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=[codec.value.upper()]) as image:
                _check_dimensions(image)
                image.draft("RGB", (side, side))  # JPEG is decoded at a fraction of its size
                square = ImageOps.fit(image.convert("RGB"), (side, side), Image.Resampling.BILINEAR)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError, Warning) as error:
        raise MediaError(_FIELD, f"undecodable {codec.value}: {error}; the frame is skipped") from error
    grid, patch = spec.vision_grid, spec.vision_patch
    pixels = np.asarray(square, dtype=np.uint8).reshape(grid, patch, grid, patch, 3)
    return pixels.transpose(0, 2, 1, 3, 4).tobytes()


def _check_dimensions(image: Image.Image) -> None:
    width, height = image.size
    if max(width, height) > MAX_FRAME_SIDE:
        raise MediaError(
            _FIELD, f"{width}x{height} pixels exceed {MAX_FRAME_SIDE}x{MAX_FRAME_SIDE}; send a smaller picture"
        )
