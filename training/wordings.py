"""The wordings of everything that is said to the model in training; evaluation has its own, and shares no four words
in a row with these.
"""

from __future__ import annotations

from training.vocab import words_of

EVERY = (
    "remind me to {say} every {n} seconds",
    "remind me to {say} every {n} seconds",
    "please remind me to {say} every {n} seconds",
    "every {n} seconds remind me to {say}",
    "say {say} every {n} seconds",
    "can you say {say} every {n} seconds",
    "every {n} seconds say {say}",
    "could you say {say} every {n} seconds",
    "every {n} seconds please tell me to {say}",
    "tell me to {say} every {n} seconds until i say stop",
    "keep saying {say} every {n} seconds",
)
IN = (
    "in {n} seconds say {say}",
    "in {n} seconds please say {say}",
    "say {say} in {n} seconds",
    "in {n} seconds remind me to {say}",
    "remind me to {say} in {n} seconds",
    "can you say {say} in {n} seconds",
    "wait {n} seconds before you say {say}",
    "after {n} seconds say {say}",
    "tell me to {say} in {n} seconds",
)
CUE = (
    "say {say} when you hear {cue}",
    "say {say} when you hear {cue}",
    "please say {say} when you hear {cue}",
    "when you hear {cue} say {say}",
    "when you hear the word {cue} say {say}",
    "say {say} when you hear the word {cue}",
    "every time i say {cue} say {say}",
    "say {say} every time i say {cue}",
    "whenever i say {cue} say {say}",
    "if you hear {cue} say {say}",
)
SOUND = (
    "say {say} at each {cue}",
    "say {say} when a {cue} sounds",
    "when a {cue} comes say {say}",
    "say {say} when you hear the {cue}",
    "at every {cue} please say {say}",
)
COUNT = (
    "count how many times i say {cue}",
    "count each time i say {cue}",
    "please count how many times you hear {cue}",
    "count every time i say the word {cue}",
)
CHANGE = (
    "make it {n} seconds",
    "change it to {n} seconds",
    "better make it {n} seconds",
    "change to {n} seconds",
    "{n} seconds instead",
    "no make it {n} seconds",
)
STOP = (
    *("stop", "stop", "stop", "that's enough", "that's enough", "please stop", "stop now", "okay stop"),
    *("okay that's enough", "never mind", "never mind", "cancel that", "cancel", "you may stop now", "stop it", "wait"),
)
SINCE = (
    "how long has it been since go",
    "how long since go",
    "how many seconds have gone by since go",
    "what is the time since go",
    "say the seconds since go",
)
TALK = ("count to {n}", "please count to {n}", "can you count to {n}", "count from one to {n}")
BACK = ("mm hm", "mm hm", "uh huh", "uh huh", "yeah", "yeah", "right", "i see", "yes")
AFTER = ("what comes after {key}", "which number comes after {key}", "what number is after {key}")
BEFORE = ("what comes before {key}", "which number comes before {key}", "what number is before {key}")
OPPOSITE = ("what is the opposite of {key}", "what's the opposite of {key}", "name the opposite of {key}")
COLOR = ("what color is {key}", "what color has {key}", "which color is {key}", "which color has {key}")
MANY = ("how many {key}", "tell me how many {key}", "do you know how many {key}")
DELEGATED = (
    "look up the {noun}",
    "which city is capital in {country}",
    "what is the capital of {country}",
    "look up the weather",
    "how is the weather around {country}",
    "look up today's weather",
    "look up some news from {country}",
    "who wrote {work}",
    "who wrote the {noun}",
    "find out who {verb} the {noun}",
    "find out {work}",
    "find out how to {verb} {noun}",
    "search for {noun}",
    "search for {work}",
    "look up {work}",
    "who is the president of {country}",
)
COUNTRIES = words_of("france spain italy japan china india brazil egypt norway greece canada peru kenya cuba poland")
WORKS = (
    *("the music", "hamlet", "moby dick", "the news", "the score", "the train times", "the bible", "that song"),
    *("a recipe for soup", "the next flight", "the best restaurant", "the odyssey", "who won the game"),
)
NEAR_MISS = (
    "every {chatter}",
    "in the {noun}",
    "in {number} minutes",
    "to {verb} the {noun}",
    "you hear the {noun}",
    "i think {number}",
    "{verb} the {noun}",
    "{number} and a half",
    "we {verb} the {noun}",
    "the {cue}",
    "is it a {cue}",
    "i like the {cue}",
    "i saw a {cue}",
    "please",
    "okay",
    "now",
    "remind me",
    "it was {n} seconds",
    "we waited {n} seconds",
    "about {n} minutes",
    "every {n} minutes or so",
    "the bus comes in {number} minutes",
    "{number} of us went there",
    "he said {number} seconds",
    "i like {noun} very much",
    "hey {name} did you see the {noun}",
    "hey {name} how are you",
    "{name} can you {verb} the {noun}",
    "hey {name} remind me later",
    "no i am talking to {name}",
    "{name} said it was {chatter}",
    "i told {name} to {verb} the {noun}",
    "go",
)
NAMES = words_of("john mary mom peter anna david lisa")
SOUNDS = words_of("beep bell knock")
