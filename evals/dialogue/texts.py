"""The wordings of dialogue: questions of the closed set, questions to delegate, and what interrupts or does not."""

from __future__ import annotations

from training import answers

AFTER = (
    "which number comes right after {key}",
    "tell me what number follows {key}",
    "what is the next one after {key}",
)
BEFORE = ("which number comes right before {key}", "tell me the one just before {key}")
OPPOSITE = ("tell me the opposite of {key}", "what word is opposite of {key}", "do you know the opposite of {key}")
COLOR = ("tell me what color {key} is", "do you know what color {key} has", "of what color is {key}")
HOW_MANY = {
    "days in a week": ("how many days does a week have", "tell me how many days a week has"),
    "legs has a dog": ("how many legs does a dog have", "on how many legs does a dog walk"),
    "legs has a person": ("how many legs does a person have", "on how many legs does a person walk"),
    "minutes in an hour": ("how many minutes does an hour have", "tell me how many minutes an hour has"),
    "months in a year": ("how many months does a year have", "tell me how many months a year has"),
    "seconds in a minute": ("how many seconds does a minute have", "tell me how many seconds a minute has"),
}
COUNT = ("please count up to {n}", "i want you to count to {n}", "start and count until {n}", "can you count up to {n}")
INTERRUPTIONS = ("stop", "wait", "stop please", "wait a moment", "that's enough now", "okay stop there")
BACKCHANNELS = ("um hum", "uh huh", "yeah", "right", "i see", "yes", "okay")
DELEGATED = (
    "do you know the capital of {place}",
    "tell me the capital of {place}",
    "please find out who wrote {book}",
    "can you look up the weather in {city}",
    "tell me who wrote {book}",
    "find out when the next train goes to {city}",
    "search for a good hotel in {city} please",
    "where can i find a doctor in {city}",
)
PLACES = ("norway", "japan", "kenya", "chile", "poland", "canada")
BOOKS = ("dracula", "the hobbit", "robinson crusoe", "little women", "moby dick")
CITIES = ("boston", "lisbon", "dublin", "prague", "denver", "oslo")


def questions() -> tuple[tuple[tuple[str, ...], str], ...]:
    """Every question of the closed set: the ways to ask it, and its answer."""
    keyed = (
        (AFTER, answers.AFTER),
        (BEFORE, answers.BEFORE),
        (OPPOSITE, answers.OPPOSITE),
        (COLOR, answers.COLOR),
    )
    plain = tuple(
        (tuple(way.format(key=key) for way in ways), answer) for ways, table in keyed for key, answer in table.items()
    )
    return plain + tuple((HOW_MANY[key], answer) for key, answer in answers.HOW_MANY.items())
