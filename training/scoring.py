"""Scores of a probe: strict per conversation, recall per expected answer, false alarms per minute."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.probe_items import SECONDS, Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One conversation. alarms: voiced outputs that answer nothing expected."""

    id: str
    kind: str
    voice: str
    expected: int
    matched: int
    alarms: int
    errors_s: tuple[float, ...]  # onset minus the middle of the window

    @property
    def strict(self) -> bool:
        return self.matched == self.expected and self.alarms == 0


def judge(item: Item, said: Sequence[tuple[float, str]]) -> Outcome:
    """Each expected answer is matched by at most one output of its very words with an onset in its window.

    An answer after the last whole window is neither expected nor an alarm where the next one would be due.
    """
    left = list(item.expect)
    matched, alarms, errors = 0, 0, []
    for onset_s, words in said:
        hit = next((e for e in left if words in e.text.split("|") and e.from_s <= onset_s <= e.to_s), None)
        if hit is not None:
            left.remove(hit)
            matched += hit.needed
            errors.append(round(onset_s - (hit.from_s + hit.to_s) / 2, 3))
        elif not (item.expect and words == item.expect[0].text and onset_s > SECONDS - 1.0):
            alarms += 1
    return Outcome(
        id=item.id,
        kind=item.kind,
        voice=item.voice,
        expected=sum(e.needed for e in item.expect),
        matched=matched,
        alarms=alarms,
        errors_s=tuple(errors),
    )


def report(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Per kind and per kind and voice, each with 95 % intervals (Wilson)."""
    kinds = sorted({each.kind for each in outcomes})
    by_kind = {kind: _summary([each for each in outcomes if each.kind == kind]) for kind in kinds}
    cells = sorted({(each.kind, each.voice) for each in outcomes})
    by_voice = {
        f"{kind}/{voice}": _summary([each for each in outcomes if (each.kind, each.voice) == (kind, voice)])
        for kind, voice in cells
    }
    timed = [each for each in outcomes if each.kind in ("every", "in")]
    minutes = len(outcomes) * SECONDS / 60
    return {
        "every_and_in": _summary(timed),
        "false_alarms_per_min": round(sum(each.alarms for each in outcomes) / minutes, 3),
        "by_kind": by_kind,
        "by_voice": by_voice,
    }


def _summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    strict, expected = sum(each.strict for each in outcomes), sum(each.expected for each in outcomes)
    matched = sum(each.matched for each in outcomes)
    errors = [abs(error) for each in outcomes for error in each.errors_s]
    return {
        "conversations": len(outcomes),
        "strict": _share(strict, len(outcomes)),
        "strict_ci95": wilson(strict, len(outcomes)),
        "recall": _share(matched, expected),
        "recall_ci95": wilson(matched, expected),
        "false_alarms_per_min": round(sum(each.alarms for each in outcomes) * 60 / (len(outcomes) * SECONDS), 3),
        "mean_abs_onset_error_s": round(sum(errors) / len(errors), 3) if errors else None,
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def wilson(part: int, whole: int) -> tuple[float, float] | None:
    """95 % interval of a share."""
    if not whole:
        return None
    z, p = 1.96, part / whole
    middle, half = p + z * z / (2 * whole), z * math.sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole))
    return round((middle - half) / (1 + z * z / whole), 4), round((middle + half) / (1 + z * z / whole), 4)


def floors(items: Sequence[Item]) -> dict[str, Any]:
    """What two policies that cannot hear would get: never speaking, and always saying the right words."""
    silence = [judge(item, []) for item in items]
    always = [
        judge(item, [(t * 0.2, item.expect[0].text if item.expect else "hello") for t in range(155)]) for item in items
    ]
    return {"silence": report(silence), "always": report(always)}
