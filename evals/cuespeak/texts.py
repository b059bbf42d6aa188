"""The wordings of CueSpeak-style requests, the cues and the words that sound nearly like them."""

from __future__ import annotations

from training.vocab import HELD_OUT_CUES

WORD = (
    "tell me {say} whenever you hear {cue}",
    "whenever you hear {cue} tell me {say}",
    "let me hear {say} after each {cue}",
    "whenever the word {cue} comes up say {say}",
    "say {say} whenever you hear {cue}",
)
SOUND = (
    "tell me {say} at every {cue}",
    "say {say} after each {cue}",
    "each time a {cue} sounds say {say}",
    "whenever a {cue} sounds tell me {say}",
)
COUNT = (
    "count each {cue} for me",
    "whenever you hear {cue} count it",
    "please count every {cue} that you hear",
)
# All that recorded words allow.
WORD_RECORDED = ("please say {say} when you hear {cue}", "when you hear {cue} please say {say}")
SAY_RECORDED = ("hello", "star", "time", "family")
CUES_RECORDED = ("tango", "golf", "hotel", "victor", "romeo", "sierra", "oscar")
# Cues that training never asks for. KNOWN: words it has in other roles; NEW: words it has never heard.
KNOWN_CUES = HELD_OUT_CUES
NEW_CUES = ("parrot", "velvet", "tunnel", "hammer", "saddle", "copper", "lantern", "walnut")
NEAR = {  # said in passing, and not the cue
    "river": ("liver", "rivet"),
    "window": ("winding", "widow"),
    "garden": ("guarded", "pardon"),
    "music": ("museum", "mosaic"),
    "family": ("fancy", "female"),
    "mountain": ("maintain", "fountain"),
    "kitchen": ("chicken", "pitcher"),
    "weather": ("feather", "whether"),
    "morning": ("mourner", "warning"),
    "people": ("pebble", "pupil"),
    "brother": ("bother", "mother"),
    "parrot": ("carrot", "barrel"),
    "velvet": ("helmet", "velour"),
    "tunnel": ("funnel", "tonal"),
    "hammer": ("hamper", "summer"),
    "saddle": ("paddle", "sandal"),
    "copper": ("hopper", "cobbler"),
    "lantern": ("lantana", "tavern"),
    "walnut": ("wallet", "peanut"),
}
LEADS = (  # a word follows
    "last week somebody told us about the",
    "there was a picture of a",
    "nobody had thought of the",
    "he began to talk about his",
    "then we came back to the",
)
TALK = (  # what follows, two seconds or more
    "which surprised all of us because it had never come up before",
    "and after that we drove home slowly along the coast with the radio off",
    "but in the end it did not matter much to anybody at the table",
    "so they had to begin the whole meeting again from the top",
    "although nobody in the room could tell me why that was so",
    "and the guests laughed and ordered another round of lemonade",
)
