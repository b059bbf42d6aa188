"""The wordings of the dev split: whoever tunes on it has not seen how the test asks. Cues that the vocabulary knows are
few and the same in both; those it has never heard are its own.
"""

from __future__ import annotations

WORD = (
    "for every {cue} let me have {say}",
    "if anybody says {cue} then tell me {say}",
    "let me have {say} when there was {cue}",
    "hear {cue} and let me have {say} each time",
)
SOUND = (
    "if there is a {cue} give me {say}",
    "for every {cue} i want to hear {say}",
    "give me {say} when there is a {cue}",
)
COUNT = (
    "for each {cue} tell me which it is",
    "give me a count of every {cue}",
    "when {cue} is said say its number",
)
NEW_CUES = ("pancake", "pillow", "satin", "trumpet", "vinegar", "pumpkin")
NEAR = {  # said in passing, and not the cue
    "pancake": ("pantry", "painted"),
    "pillow": ("pilot", "willow"),
    "satin": ("sadden", "latin"),
    "trumpet": ("trumped", "crumpet"),
    "vinegar": ("finger", "vintage"),
    "pumpkin": ("bumping", "pumping"),
}
LEADS = (  # a word follows
    "in the morning i was asked for a",
    "she has always had one more",
    "there is not much to say about his",
    "what you see there is the old",
)
TALK = (  # what follows, two seconds or more
    "and that is why we have never gone back there with the whole family",
    "but he did not want to hear anything about it until the next day",
    "so i took the long way home and saw nobody that i know",
    "which is a good thing because there was nothing left of it",
)
