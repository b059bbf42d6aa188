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
WAITING = ((8.0, "it was really nice today"), (15.5, "i think they like music"), (22.0, "very big house"))
IDLE = (
    (1.0, "it was really nice today"),
    (5.5, "we saw some people there"),
    (10.0, "i think they like music"),
    (15.5, "maybe rain"),
    (20.0, "very big house"),
    (25.0, "happy family"),
    (29.0, "the weather was good yesterday"),
)
CANDIDATES = (
    ("drink water", 70, "kokoro:am_michael"),
    ("wash plants", 45, "kokoro:am_michael"),
    ("check book", 65, "kokoro:am_michael"),
    ("check medicine", 65, "kokoro:bf_emma"),
    ("read mail", 70, "kokoro:bf_emma"),
    ("drink water", 45, "kokoro:bf_emma"),
    ("clean window", 45, "kokoro:bm_george"),
    ("take water", 75, "kokoro:bm_george"),
    ("wash plants", 65, "kokoro:bm_george"),
    ("bring medicine", 65, "kokoro:af_nicole"),
    ("drink water", 45, "espeak:en-us+m3"),
    ("drink water", 65, "espeak:en-us+m3"),
    ("wash plants", 70, "espeak:en-us+m3"),
    ("check medicine", 70, "espeak:en-gb+ed"),
    ("clean window", 45, "espeak:en-gb+ed"),
    ("read mail", 65, "espeak:en-gb+ed"),
    ("clean window", 65, "espeak:en-us+f2"),
    ("take water", 45, "espeak:en-us+f2"),
    ("check medicine", 45, "espeak:en-us+Michael"),
    ("wash plants", 65, "espeak:en-us+Michael"),
    ("drink water", 70, "espeak:en-us+Michael"),
)
_ASKERS = ("kokoro:am_michael", "kokoro:bf_emma", "espeak:en-us+m3")


def _short(voice: str) -> str:
    return voice.rpartition(":")[2].rpartition("+")[2]


PLANS = (
    *(
        Plan(
            name=f"demo_{phrase.replace(' ', '_')}_{tenths}_{_short(voice)}",
            voice=voice,
            seconds=32.0,
            phrase=phrase,
            tenths=tenths,
            chatter=WAITING,
        )
        for phrase, tenths, voice in CANDIDATES
    ),
    *(Plan(name=f"control_{_short(voice)}", voice=voice, seconds=32.0, chatter=IDLE) for voice in _ASKERS),
    *(
        Plan(name=f"bench_{tenths}_{_short(voice)}", voice=voice, seconds=20.0, phrase="drink water", tenths=tenths)
        for voice in _ASKERS
        for tenths in (20, 25)
    ),
)
