"""The wordings of the dev split: whoever tunes on it has not seen how the test asks. What listeners and interrupters
say is nearly all there is, and the same in both.
"""

from __future__ import annotations

from training import answers

AFTER = ("what do you get when you count on from {key}", "counting up what is said after {key}")
BEFORE = ("what do you get when you count down from {key}", "counting up what is said before {key}")
OPPOSITE = ("if it is not {key} what is it", "what do you call it when it is not {key}")
COLOR = ("if you look at {key} what color is it", "in what color do we see {key}")
HOW_MANY = {
    "days in a week": ("give me the number of days in one week",),
    "legs has a dog": ("give me the number of legs on a dog",),
    "legs has a person": ("give me the number of legs on a person",),
    "minutes in an hour": ("give me the number of minutes in one hour",),
    "months in a year": ("give me the number of months in one year",),
    "seconds in a minute": ("give me the number of seconds in one minute",),
}
COUNT = (
    "i want to hear every number until {n}",
    "one by one give me the numbers until {n}",
    "begin with one and do not stop before {n}",
)
DELEGATED = (
    "is it going to rain in {city} tonight",
    "which people are there in {place} and how many",
    "have you got anything on who made {book}",
    "get me the next boat from {city}",
    "i need a taxi to the station in {city}",
)
KEYED = ((AFTER, answers.AFTER), (BEFORE, answers.BEFORE), (OPPOSITE, answers.OPPOSITE), (COLOR, answers.COLOR))
