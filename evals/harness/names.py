"""The sets by name: who scores them, who are their floors and baselines, and what a perfect listener would say when."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from cluster.errors import ConfigError
from evals.dialogue.episodes import Episode
from evals.items import Item, Outcome, Said
from evals.media import Media

Policy = Callable[[Item], Sequence[Said]]
Sighted = Callable[[Item, Media], Sequence[Said]]
AUDIO = ("timespeak", "cuespeak", "dialogue")
VIDEO = ("repcount", "charades", "proactivevideoqa")
NAMES = (*AUDIO, *VIDEO)
_CENTRED = {"timespeak": ("every", "in", "changed", "ended")}  # families that ask for a moment, not for a reaction

_SUMMARIES = {"dialogue": ("metrics",)}  # which module says the figures of a whole run, where it is not the scorer


@dataclass(frozen=True, slots=True)
class Named:
    """One of the sets. Its parts are modules of `evals/NAME/`."""

    name: str

    def judge(self, item: Item, said: Sequence[Said]) -> Outcome:
        outcome: Outcome = self._part("score").judge(item, list(said))
        return outcome

    def metrics(self, outcomes: Sequence[Outcome]) -> dict[str, float]:
        """What the set reports beside its score; `score` itself is 0 to 100."""
        parts = (importlib.import_module(f"evals.{self.name}.{each}") for each in _SUMMARIES.get(self.name, ("score",)))
        summary: Any = next((part.summary for part in parts if hasattr(part, "summary")), None)
        found: dict[str, float] = dict(summary(outcomes)) if summary and outcomes else {}
        found.setdefault("score", 100 * sum(each.score for each in outcomes) / max(1, len(outcomes)))
        return found

    def centred(self, item: Item) -> bool:
        """Whether the middle of a window was asked for, rather than its beginning."""
        return item.tags.get("family", "") in _CENTRED.get(self.name, ())

    def speaks(self, item: Item) -> Sequence[Episode]:
        """When a perfect listener speaks, where a set judges only when and expects no words."""
        part: Any = self._part("score")
        found: Sequence[Episode] = part.speaks(item) if hasattr(part, "speaks") else ()
        return found

    def floors(self, items: Sequence[Item], seed: int) -> dict[str, Policy]:
        """Blind: they see and hear nothing."""
        found: dict[str, Policy] = self._part("floors").policies(items, seed)
        return found

    def baselines(self, seed: int) -> dict[str, Sighted]:
        """They hear or see the input, and understand nothing."""
        found: dict[str, Sighted] = self._part("baselines").policies(seed)
        return found

    def _part(self, part: str) -> ModuleType:
        return importlib.import_module(f"evals.{self.name}.{part}")


def named(name: str) -> Named:
    """Raises ConfigError naming the sets there are."""
    if name not in NAMES:
        raise ConfigError("NAME", f"{name} is no evaluation set; there are {', '.join(NAMES)}, all, ifeval, bbh")
    return Named(name)
