"""Pictures to a file and back: H.264, all but lossless, one thread, so that the same pictures give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from evals.render.backdrop import FPS, HEIGHT, WIDTH

Picture = npt.NDArray[np.uint8]
_OPTIONS = {"crf": "16", "preset": "superfast", "threads": "1"}


def write(path: Path, pictures: Iterable[Picture]) -> None:
    """pictures: [HEIGHT, WIDTH, 3], `FPS` a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=FPS, options=_OPTIONS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = index
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
