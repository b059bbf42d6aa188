"""What an item gives to hear and to see, decoded.

Shapes: N samples at 16 kHz; a picture is [H, W, 3] uint8.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import soxr
from av.video.reformatter import VideoReformatter

from cluster.errors import ConfigError
from cluster.types import MICRO_TURN_MS
from evals.items import Item

RATE = 16_000
VIDEO_AT = "video_at_s"  # the tag that says when the film begins, if not with the session
Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # known by itself: arrays have no hash
class Media:
    """pictures: (media time in seconds, picture), at most one in each micro-turn. An absent track is empty."""

    audio_N: npt.NDArray[np.float32]
    pictures: tuple[tuple[float, Picture], ...]


def load(folder: Path, item: Item) -> Media:
    """Raises ConfigError naming the file that cannot be read."""
    return Media(
        audio_N=sound(folder / item.audio, item.duration_s) if item.audio else np.zeros(0, np.float32),
        pictures=film(folder / item.video, item) if item.video else (),
    )


def sound(path: Path, seconds: float) -> npt.NDArray[np.float32]:
    """Any container and codec that FFmpeg reads, mixed down, cut to `seconds`."""
    try:
        with av.open(str(path)) as file:
            rate = file.streams.audio[0].rate
            mono = av.AudioResampler(format="flt", layout="mono", rate=rate)
            frames = [part.to_ndarray() for frame in file.decode(audio=0) for part in mono.resample(frame)]
    except (av.FFmpegError, OSError, IndexError) as error:
        raise ConfigError(str(path), f"no sound can be read from it: {error}") from None
    samples_N = np.concatenate(frames, axis=1)[0] if frames else np.zeros(0, np.float32)
    samples_N = soxr.resample(samples_N, rate, RATE) if rate != RATE else samples_N
    return samples_N[: round(seconds * RATE)].astype(np.float32)


def film(path: Path, item: Item) -> tuple[tuple[float, Picture], ...]:
    """The first picture of each micro-turn until the item ends, `video_at_s` later than in the file."""
    starts_s, taken, found = float(item.tags.get(VIDEO_AT, "0")), -1, []
    to_rgb = VideoReformatter()  # one for all pictures: preparing it takes as long as using it
    try:
        with av.open(str(path)) as file:
            for frame in file.decode(video=0):
                at_s = starts_s + (frame.time or 0.0)
                k = round(at_s * 1000) // MICRO_TURN_MS
                if at_s >= item.duration_s:
                    break
                if k > taken:
                    taken = k
                    found.append((at_s, to_rgb.reformat(frame, format="rgb24").to_ndarray()))
    except (av.FFmpegError, OSError, IndexError) as error:
        raise ConfigError(str(path), f"no pictures can be read from it: {error}") from None
    return tuple(found)
