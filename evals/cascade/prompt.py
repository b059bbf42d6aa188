"""What the cascade's language model is told: by examples of what may be asked and how an answer looks.

A model of 135 M parameters follows examples and hardly any instructions: with a system prompt that explains the task,
or with the examples inside one, it said nothing at all or talked about the prompt.
"""

from __future__ import annotations

from collections.abc import Sequence

SILENT = "-"
EXAMPLES = (
    ("What comes after three?", "four"),
    ("Count to five.", "one two three four five"),
    ("What is the opposite of hot?", "cold"),
    ("Every five seconds say check oven.", "check oven"),
    ("My sister lives in a small town.", SILENT),
    ("How many days are in a week?", "seven"),
    ("Say drink water when you hear tea.", "drink water"),
    ("What color is the sky?", "blue"),
    ("It was really nice today.", SILENT),
    ("What is the capital of Peru?", "one moment"),
    ("Count to three.", "one two three"),
    ("Stop.", SILENT),
    ("What comes before ten?", "nine"),
    ("In ten seconds say call mom.", "call mom"),
)
REMEMBERED = 3  # turns of the conversation before


def messages(history: Sequence[tuple[str, str]], heard: str) -> list[dict[str, str]]:
    """history: (heard, answered), oldest first."""
    said: list[dict[str, str]] = []
    for question, answer in (*EXAMPLES, *history[-REMEMBERED:]):
        said += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return [*said, {"role": "user", "content": heard}]
