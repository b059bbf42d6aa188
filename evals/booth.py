"""Where one item is recorded: who speaks, at what pace, on which track, and what happened when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from evals.engines.base import RATE, Samples
from evals.engines.recorded import PROMPTS, READERS
from evals.fillers import Filler, fill
from evals.items import Event, Expect, Forbid, Item
from evals.stage import Stage, disturb

Speak = Callable[[str, str, float], Samples]
"""(voice, text, speed) to samples"""


def is_recorded(voice: str) -> bool:
    return voice.startswith("human:")


@dataclass(slots=True, kw_only=True)
class Booth:
    """user and other: two voices of different engines. at_s: the end of what was last said."""

    rng: np.random.Generator
    speak: Speak
    user: str
    other: str
    speed: float
    stage: Stage = field(default_factory=lambda: Stage(0.0))
    at_s: float = 0.0
    events: list[Event] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def recorded(self) -> bool:
        """The user is a recorded person, who has only said certain words and sentences."""
        return is_recorded(self.user)

    @property
    def dev(self) -> bool:
        """The item is of the dev split, which has voices and wordings of its own."""
        return self.tags["split"] == "dev"

    def clip(self, text: str) -> Samples:
        return self.speak(self.user, text, self.speed)

    def talk(self, texts: Sequence[str]) -> str:
        """Something the user may say on the way: one of the texts, or a sentence that was recorded."""
        return f"[{self.pick(PROMPTS)}]" if self.recorded else self.pick(texts)

    def chat(self, text: str) -> Samples:
        return self.clip(self.talk((text,)))

    def foreign(self, text: str) -> Samples:
        """Another voice says it; recorded people say one of their sentences."""
        if is_recorded(self.other):
            text = f"[{self.pick(READERS if self.other.endswith('librivox') else PROMPTS)}]"
        return self.speak(self.other, text, 1.0)

    def wait(self, low_s: float, high_s: float) -> None:
        self.at_s += float(self.rng.uniform(low_s, high_s))

    def say(self, text: str, kind: str = "speech") -> float:
        """The user says it now; returns when it ends."""
        return self.put(self.clip(text), kind, text)

    def put(self, clip: Samples, kind: str, text: str, gain_db: float = 0.0) -> float:
        self.events.append(Event(t_s=round(self.at_s * RATE) / RATE, kind=kind, text=text))
        self.at_s = self.stage.add(clip, self.at_s, gain_db)
        return self.at_s

    def ask(self, text: str) -> float:
        """As `say`; marks the end of the request, from which time is counted."""
        self.tags["asked"] = text
        end = self.say(text, "request")
        self.events.append(Event(t_s=end, kind="request end"))
        return end

    def fill(self, filler: Filler, from_s: float, to_s: float) -> None:
        self.tags["filler"] = str(filler)
        fill(self.rng, self.stage, filler, from_s, to_s, self.chat, self.foreign)

    def pick(self, options: Sequence[str]) -> str:
        return options[int(self.rng.integers(len(options)))]

    def way(self, test: Sequence[str], dev: Sequence[str]) -> str:
        """A wording of the item's split."""
        return self.pick(dev if self.dev else test)

    def finish(self, name: str, seconds: float, expect: Sequence[Expect], forbid: Sequence[Forbid] = ()) -> Item:
        """Cuts the track to length and disturbs it; the samples are in `stage`."""
        rng, whole = self.rng, round(seconds * RATE) / RATE
        self.stage.cut(whole)
        snr_db, echo = float(rng.uniform(10, 30)), bool(rng.random() < 0.5)
        self.stage.samples_N = disturb(rng, self.stage.samples_N, snr_db, echo, float(rng.uniform(-8, 4)))
        self.tags |= {"snr_db": f"{snr_db:.0f}", "echo": "yes" if echo else "no", "negative": "no" if expect else "yes"}
        return Item(
            id=name,
            duration_s=whole,
            audio=f"{name}.wav",
            events=tuple(event for event in sorted(self.events, key=lambda each: each.t_s) if event.t_s < whole),
            expect=tuple(expect),
            forbid=tuple(forbid),
            tags=self.tags,
        )
