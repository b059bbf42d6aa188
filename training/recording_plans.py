"""What the demo, control and benchmark recordings say, who says it, and when."""

from __future__ import annotations

from dataclasses import dataclass

from training.vocab import say_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """tenths: the interval first asked for, in 0.1 s. later: what else is said, (not before, text), in seconds."""

    name: str
    voice: str
    seconds: float
    phrase: str = ""
    tenths: int = 0
    later: tuple[tuple[float, str], ...] = ()

    @property
    def request(self) -> str:
        return f"remind me to {self.phrase} every {say_number(self.tenths)} seconds" if self.phrase else ""


# Chatter asks nothing and uses words of the vocabulary, none of them a request's.
IDLE = (
    (1.0, "it was really nice today"),
    (5.0, "we saw some people there"),
    (9.0, "i think they like music"),
    (13.0, "maybe rain"),
)
# A stop, and a request whose interval was trained: repeating at an untrained one is beyond this checkpoint.
CONVERSATION = (
    (13.0, "that's enough"),
    (15.5, "we saw some people there"),
    (18.0, "remind me to wash plants every four seconds"),
    (25.7, "i think they like music"),
    (34.0, "stop"),
)
SPEAKER = "espeak:en-us+m3"

PLANS = (
    Plan(name="demo", voice=SPEAKER, seconds=40.0, phrase="drink water", tenths=75, later=CONVERSATION),
    Plan(name="control", voice=SPEAKER, seconds=16.0, later=IDLE),
    Plan(name="bench", voice=SPEAKER, seconds=20.0, phrase="drink water", tenths=20),
)
