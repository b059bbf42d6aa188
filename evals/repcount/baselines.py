"""Counters that see the whole clip and nothing but motion: what a model that understands the request must beat."""

from __future__ import annotations

from collections.abc import Callable

from evals.items import Item, Said
from evals.media import Media
from evals.motion import active, energy, period
from evals.numbers import say_count

Policy = Callable[[Item, Media], list[Said]]
_ASKING_S = 4.0  # nobody tells it when the request ends
_HEARD_S = 0.4


def policies(seed: int) -> dict[str, Policy]:
    """seed: unused here; nothing is drawn."""
    return {"autocorrelation": autocorrelation, "motion peaks": peaks}


def autocorrelation(item: Item, media: Media) -> list[Said]:
    """One number for each period between the first and the last motion."""
    span = active(media, _ASKING_S)
    step = period(media, span) if span else None
    if span is None or step is None:
        return []
    count = min(40, max(1, round((span[1] - span[0]) / step)))
    return [Said(onset_s=span[0] + k * step + _HEARD_S, text=say_count(k)) for k in range(1, count + 1)]


def peaks(item: Item, media: Media) -> list[Said]:
    """As it goes: each second burst of motion is a repetition, for there is one on the way and one back."""
    times_F, energy_F = energy(media)
    level = 0.35 * energy_F.max(initial=0.0)
    top = [
        float(times_F[i])
        for i in range(1, len(energy_F) - 1)
        if times_F[i] > _ASKING_S
        and energy_F[i] > max(level, 1e-9)
        and energy_F[i - 1] < energy_F[i] >= energy_F[i + 1]
    ]
    ends = [at + _HEARD_S for at in top[1::2]]
    return [Said(onset_s=at, text=say_count(k)) for k, at in enumerate(ends[:40], 1)]
