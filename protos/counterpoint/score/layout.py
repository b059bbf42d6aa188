"""Where things go: time in systems of equal length, each with its staves. Units are pixels of a 1200 wide drawing."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass

WIDTH, LEFT, RIGHT = 1200, 74, 18
STAVE, TIME_STAVE = 58, 60
INPUT_Y, OUTPUT_Y, WORDS_Y, WORD_ROW, NUM_WORD_ROWS = 22, 90, 166, 17, 2
MARKS_Y, TIME_Y, BOTTOM, HEIGHT = 199, 208, 268, 286
LONGEST_S = 20.0  # one system


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One line of the score: [starts_s, ends_s) of media time."""

    starts_s: float
    ends_s: float
    lasts_s: float  # the time its full width stands for

    def x(self, t_s: float) -> float:
        return LEFT + (t_s - self.starts_s) / self.lasts_s * (WIDTH - LEFT - RIGHT)

    def holds(self, t_s: float) -> bool:
        return self.starts_s <= t_s < self.ends_s

    def clip(self, t_s: float) -> float:
        return min(max(t_s, self.starts_s), self.ends_s)


def systems(seconds: float) -> list[System]:
    """Of equal length, whole seconds, none longer than LONGEST_S."""
    count = max(1, math.ceil(seconds / LONGEST_S))
    lasts_s = float(max(4, math.ceil(seconds / count)))
    starts = [index * lasts_s for index in range(count)]
    return [System(starts_s=s, ends_s=min(s + lasts_s, max(seconds, s + 1)), lasts_s=lasts_s) for s in starts]


def envelope(track: array[int], rate: int, system: System, columns_per_s: int) -> list[tuple[float, float]]:
    """Lowest and highest sample of each column, -1 to 1."""
    found = []
    for column in range(int((system.ends_s - system.starts_s) * columns_per_s)):
        start = int((system.starts_s + column / columns_per_s) * rate)
        piece = track[start : start + rate // columns_per_s]
        found.append((min(piece) / 32768, max(piece) / 32768) if piece else (0.0, 0.0))
    return found


def rows(labels: list[tuple[float, float]], num_rows: int) -> list[int]:
    """A row for each (x, width), left to right, so that labels do not overlap while there are rows enough."""
    ends = [-math.inf] * num_rows
    chosen = []
    for x, width in labels:
        row = next((row for row in range(num_rows) if ends[row] <= x), min(range(num_rows), key=ends.__getitem__))
        ends[row] = x + width
        chosen.append(row)
    return chosen
