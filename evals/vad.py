"""When somebody speaks, by level: for baselines that hear the input, never for labels. Pure. Frames are 20 ms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evals.engines.base import RATE, Samples

FRAME = RATE // 50
_MARGIN_DB = 9.0  # above the level of the quiet tenth of the item


@dataclass(frozen=True, slots=True)
class Span:
    """from_s: the first loud frame; to_s: the end of the last one."""

    from_s: float
    to_s: float


def energy(samples_N: Samples, pause_s: float = 0.4, shortest_s: float = 0.2) -> list[Span]:
    if len(samples_N) < FRAME:
        return []
    frames = samples_N[: len(samples_N) // FRAME * FRAME].reshape(-1, FRAME)
    level_F = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-10)
    quiet_db = float(np.percentile(level_F, 10))
    frame_s = FRAME / RATE
    found: list[Span] = []
    for frame in np.flatnonzero(level_F > quiet_db + _MARGIN_DB):
        start, end = float(frame * frame_s), float((frame + 1) * frame_s)
        if found and start - found[-1].to_s <= pause_s:
            found[-1] = Span(found[-1].from_s, end)
        else:
            found.append(Span(start, end))
    return [span for span in found if span.to_s - span.from_s >= shortest_s]
