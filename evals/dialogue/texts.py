"""The wordings of dialogue: questions of the closed set, questions to delegate, and what interrupts or does not."""

from __future__ import annotations

from training import answers

AFTER = (
    "which number comes right after {key}",
    "tell me what number follows {key}",
    "what is the next one after {key}",
)
BEFORE = ("which number comes right before {key}", "tell me the one just before {key}")
OPPOSITE = ("give me the opposite word for {key}", "what word is opposite to {key}", "which word is opposite to {key}")
COLOR = ("which color does {key} have", "do you know the color of {key}", "name the color of {key}")
HOW_MANY = {
    "days in a week": ("how many days does a week have", "a week has how many days"),
    "legs has a dog": ("how many legs does a dog have", "on how many legs does a dog walk"),
    "legs has a person": ("how many legs does a person have", "on how many legs does a person walk"),
    "minutes in an hour": ("how many minutes does an hour have", "an hour has how many minutes"),
    "months in a year": ("how many months does a year have", "a year has how many months"),
    "seconds in a minute": ("how many seconds does a minute have", "a minute has how many seconds"),
}
COUNT = (
    "please count aloud until {n}",
    "start and count until {n}",
    "count for me until {n}",
    "let me hear you count until {n}",
)
INTERRUPTIONS = ("stop", "wait", "stop please", "wait a moment", "that's enough now", "okay stop there")
BACKCHANNELS = ("um hum", "uh huh", "yeah", "right", "i see", "yes", "okay")
DELEGATED = (
    "do you know the capital city of {place}",
    "tell me the capital city of {place}",
    "please find out who wrote {book}",
    "i want the weather of {city} please",
    "tell me who wrote {book}",
    "find out when the next train goes to {city}",
    "search for a good hotel in {city} please",
    "where can i find a doctor in {city}",
)
PLACES = ("iceland", "portugal", "mexico", "turkey", "finland", "ireland")
BOOKS = ("dracula", "the hobbit", "robinson crusoe", "little women", "treasure island")
CITIES = ("boston", "lisbon", "dublin", "prague", "denver", "oslo")


Keyed = tuple[tuple[tuple[str, ...], dict[str, str]], ...]
"""Wordings with a key, and the answers by key."""
KEYED: Keyed = ((AFTER, answers.AFTER), (BEFORE, answers.BEFORE), (OPPOSITE, answers.OPPOSITE), (COLOR, answers.COLOR))


def questions(keyed: Keyed, how_many: dict[str, tuple[str, ...]]) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Every question of the closed set: the ways to ask it, and its answer."""
    plain = tuple(
        (tuple(way.format(key=key) for way in ways), answer) for ways, table in keyed for key, answer in table.items()
    )
    return plain + tuple((how_many[key], answer) for key, answer in answers.HOW_MANY.items())
