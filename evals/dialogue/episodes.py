"""Stretches of the model's own speech, from what it said and when. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evals.items import Said
from evals.matching import voiced

WORD_S = 0.34  # how long a word sounds where an output does not tell its end


@dataclass(frozen=True, slots=True)
class Episode:
    from_s: float
    to_s: float

    @property
    def seconds(self) -> float:
        return self.to_s - self.from_s


def end_of(said: Said) -> float:
    return said.end_s if said.end_s > said.onset_s else said.onset_s + WORD_S * len(said.text.split())


def episodes(said: Sequence[Said], join_s: float = 0.5) -> list[Episode]:
    """Outputs at most `join_s` apart are one episode."""
    found: list[Episode] = []
    for each in voiced(said):
        if found and each.onset_s - found[-1].to_s <= join_s:
            found[-1] = Episode(found[-1].from_s, max(found[-1].to_s, end_of(each)))
        else:
            found.append(Episode(each.onset_s, end_of(each)))
    return found


def falls_silent(said: Sequence[Said], at_s: float, pause_s: float = 1.0) -> float:
    """When the speech that goes on at `at_s` ends: the first moment from then on that `pause_s` of silence follow.

    Shorter pauses, as between the numbers of a count, are not the end.
    """
    silent = at_s
    for each in voiced(said):
        if end_of(each) <= at_s:
            continue
        if each.onset_s - silent >= pause_s:
            break
        silent = max(silent, end_of(each))
    return silent
