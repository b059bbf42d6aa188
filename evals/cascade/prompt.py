"""What the cascade's language model is told: who it is, what may be asked, and how an answer looks."""

from __future__ import annotations

from collections.abc import Sequence

SILENT = "-"
SYSTEM = (
    "You are a voice assistant in a live call. You hear what people near the microphone say, one utterance at a time. "
    "You may be asked: a short question (answer in one to three words); to count to a number (say every number); "
    "to say a phrase every so many seconds, or after so many seconds, or whenever a word or a sound is heard; "
    "to count words; to stop. Say only the phrase that was asked for, and only when it is due. "
    "Questions about the world that need looking up: say one moment. "
    f"If nothing is asked of you, or people talk to somebody else, answer {SILENT}"
)
EXAMPLES = (
    ("What comes after three?", "four"),
    ("Count to five.", "one two three four five"),
    ("We should paint the fence on Sunday.", SILENT),
    ("What is the opposite of hot?", "cold"),
    ("Every five seconds say check oven.", "check oven"),
    ("What is the capital of Peru?", "one moment"),
    ("Say drink water when you hear the word tea.", "drink water"),
    ("How many days are in a week?", "seven"),
    ("Stop.", SILENT),
    ("What color is the sky?", "blue"),
)
REMEMBERED = 6  # messages of the conversation before


def messages(history: Sequence[tuple[str, str]], heard: str) -> list[dict[str, str]]:
    """history: (heard, answered), oldest first."""
    said: list[dict[str, str]] = [{"role": "system", "content": SYSTEM}]
    for question, answer in (*EXAMPLES, *history[-REMEMBERED // 2 :]):
        said += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return [*said, {"role": "user", "content": heard}]
