"""Whether what is reported as said is what sounds: onsets by the energy of the output beside those by its text. Pure.

Frames of 20 ms; one is loud above -45 dB of full scale, 25 dB below the quietest word of the voice. An output is heard
if something is loud within 0.1 s of where its text says; sound that no output accounts for was said by nobody.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evals.bench.rows import percentiles
from evals.items import Said
from evals.matching import voiced

FRAME_S = 0.02
LOUD_DB = -45.0
NEAR_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounding:
    """lags_ms: of the outputs that begin in silence, from the onset by text to that by energy. silent: how many of the
    outputs were not heard. unsaid_s: seconds of sound that belong to none.
    """

    outputs: int
    silent: int
    unsaid_s: float
    lags_ms: tuple[float, ...]


def loud_frames(pcm: bytes, at_s: float, rate_hz: int) -> list[float]:
    """When each loud frame of a piece of s16le begins, if the piece is heard at `at_s`."""
    size = round(rate_hz * FRAME_S)
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    level_F = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-10) if len(frames) else np.zeros(0)
    return [at_s + FRAME_S * int(index) for index in np.flatnonzero(level_F > LOUD_DB)]


def sounding(said: Sequence[Said], loud_s: Sequence[float], until_s: float) -> Sounding:
    """loud_s: in order of time. until_s: the end of the session; what begins just before it is not judged."""
    spoken = [each for each in voiced(said) if each.onset_s + NEAR_S <= until_s]
    silent, lags = 0, []
    for each in spoken:
        first = bisect_left(loud_s, each.onset_s - FRAME_S)
        if first == len(loud_s) or loud_s[first] > each.onset_s + NEAR_S:
            silent += 1
        elif first == 0 or each.onset_s - loud_s[first - 1] > NEAR_S:
            lags.append(round(1000 * (loud_s[first] - each.onset_s), 1))
    spans = [(each.onset_s - NEAR_S, each.end_s + NEAR_S) for each in voiced(said)]
    unsaid = sum(not any(start <= at <= end for start, end in spans) for at in loud_s)
    return Sounding(outputs=len(spoken), silent=silent, unsaid_s=round(FRAME_S * unsaid, 2), lags_ms=tuple(lags))


def told(found: Sequence[Sounding]) -> dict[str, Any]:
    """Of all items."""
    return {
        "outputs": sum(each.outputs for each in found),
        "silent": sum(each.silent for each in found),
        "unsaid_s": round(sum(each.unsaid_s for each in found), 2),
        "onset_lag_ms": percentiles([lag for each in found for lag in each.lags_ms]),
    }


def reasons(found: Sequence[Sounding]) -> list[str]:
    """Why a report may not stand: text and voice disagree."""
    sound = told(found)
    why = []
    if sound["silent"]:
        why.append(f"{sound['silent']} of {sound['outputs']} outputs were said by their text and nothing sounded")
    if sound["unsaid_s"]:
        why.append(f"{sound['unsaid_s']:g} s of sound belong to no output: something spoke that nobody scored")
    return why
