"""What the demo, control and benchmark recordings say, who says it, and when."""

from __future__ import annotations

from dataclasses import dataclass

from training.vocab import say_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """tenths: the interval asked for, in 0.1 s. chatter: (not before, text), seconds from the start."""

    name: str
    voice: str
    seconds: float
    phrase: str = ""
    tenths: int = 0
    chatter: tuple[tuple[float, str], ...] = ()

    @property
    def request(self) -> str:
        return f"remind me to {self.phrase} every {say_number(self.tenths)} seconds" if self.phrase else ""


# Chatter asks nothing and uses words of the vocabulary, none of them a request's.
WAITING = ((8.0, "it was really nice today"), (14.5, "maybe rain"))
IDLE = (
    (1.0, "it was really nice today"),
    (5.0, "we saw some people there"),
    (9.0, "i think they like music"),
    (13.0, "maybe rain"),
)
SPEAKER = "espeak:en-us+m3"

PLANS = (
    Plan(name="demo", voice=SPEAKER, seconds=18.4, phrase="drink water", tenths=75, chatter=WAITING),
    Plan(name="control", voice=SPEAKER, seconds=16.0, chatter=IDLE),
    Plan(name="bench", voice=SPEAKER, seconds=20.0, phrase="drink water", tenths=20),
)
