"""The wordings of everything that is said to the model in training; evaluation has its own, and shares no four words
in a row with these.

Most are put together from parts: a model that has heard a dozen sentences knows these sentences, and one that has heard
every verb with every time knows what either means.
"""

from __future__ import annotations

from training.vocab import words_of
from training.ways import ways

_POLITE = ("", "please", "can you", "could you", "now", "i need you to", "would you", "okay")
_REMIND = ("say {say}", "remind me to {say}", "tell me to {say}", "repeat {say}", "call out {say}", "have me {say}")
_EACH = ("every {n} seconds", "each {n} seconds", "after every {n} seconds", "at each {n} seconds")
_TAIL = ("", "please", "from now on", "until i say stop", "over and over")
EVERY = (
    *ways(_POLITE, _REMIND, _EACH),
    *ways(_REMIND, _EACH[:2], _TAIL[1:]),
    *ways(_EACH, _POLITE[:4], _REMIND),
    *ways(("keep saying {say}", "keep telling me to {say}", "go on saying {say}"), _EACH),
)
_LATER = ("in {n} seconds", "after {n} seconds", "{n} seconds later", "once {n} seconds are over")
IN = (
    *ways(_POLITE, _REMIND, (*_LATER[:2], "when {n} seconds have gone by")),
    *ways(_LATER, _POLITE[:4], _REMIND),
    *ways(("wait {n} seconds then", "wait {n} seconds before you", "give it {n} seconds and"), _REMIND),
    *ways(("in {n} seconds", "after {n} seconds"), ("i have to {say}", "it is time to {say}")),
)
_ANSWER = ("say {say}", "answer {say}", "call out {say}", "reply {say}", "respond with {say}")
_HEARD = (
    *("when you hear", "every time i say", "whenever i say", "if you hear", "when i say", "as soon as i say"),
    *("each time somebody says", "after i say", "any time you hear"),
)
_WORD = ("{cue}", "the word {cue}")
CUE = (*ways(_POLITE[:3], _ANSWER, _HEARD, _WORD), *ways(_HEARD, _WORD, _POLITE[:3], _ANSWER))
_SOUNDS = (
    *("at each {cue}", "when a {cue} sounds", "when a {cue} is heard", "when you hear the {cue}", "at every {cue}"),
    *("each time the {cue} goes", "whenever there comes a {cue}", "at the sound of the {cue}", "after every {cue}"),
)
SOUND = (*ways(_POLITE[:3], _ANSWER, _SOUNDS), *ways(_SOUNDS, _POLITE[:3], _ANSWER))
COUNT = (
    *ways(
        ("count", "please count", "can you count", "keep count of", "now count"),
        ("how many times i say", "each time i say", "how many times you hear", "every time i say", "how often i say"),
        _WORD,
    ),
    *ways(("each time i say", "whenever you hear", "when i say"), _WORD, ("count one more", "say the number")),
)
CHANGE = (
    *ways(("", "no", "please", "better", "i said", "wait"), ("make it", "change to", "let it be"), ("{n} seconds",)),
    *ways(("change it to", "make it every", "let us do", "take"), ("{n} seconds",), ("", "please", "from now on")),
    *("{n} seconds instead", "do {n} seconds instead", "i mean {n} seconds", "every {n} seconds is better"),
    *("rather every {n} seconds", "make the time {n} seconds", "no {n} seconds", "use {n} seconds now"),
)
STOP = (
    *("stop", "stop", "stop", "that's enough", "that's enough", "please stop", "stop now", "okay stop"),
    *("okay that's enough", "never mind", "never mind", "cancel that", "cancel", "you may stop now", "stop it", "wait"),
    *("that will do", "enough", "enough of that", "no more please", "forget it", "drop it", "leave it now", "be quiet"),
    *("please cancel", "stop saying that", "do not say it again", "i am done with that", "that is all", "quiet please"),
    *(
        "cancel it",
        "end that now",
        "never mind that",
        "thanks that's enough",
        "it is done stop",
        "no stop",
        "please wait",
    ),
)
SINCE = (
    *ways(
        ("", "tell me", "say", "do you know"),
        ("how long since", "how many seconds since", "how much time since", "the time since", "the seconds since"),
        ("go", "i said go", "you heard go", "the go"),
    ),
    *("how long has it been since go", "how many seconds have gone by since go", "what is the time since go"),
    *("since go how long is it", "since i said go how many seconds", "since go how much time has gone by"),
    *("how long ago was go", "how far back was go in seconds", "go was how many seconds back"),
)
TALK = ways(
    ("", "please", "can you", "now", "could you", "i need you to"),
    ("count to", "count from one to", "count up to", "start to count to", "say the numbers to", "count all the way to"),
    ("{n}",),
    ("", "for me"),
)
BACK = ("mm hm", "mm hm", "uh huh", "uh huh", "yeah", "yeah", "right", "i see", "yes", "okay yes", "oh yes", "sure")
_WHAT = ("", "tell me", "say", "please say")
AFTER = (
    *ways(_WHAT, ("what comes after", "which number comes after", "what number is after", "what follows"), ("{key}",)),
    *("after {key} comes what", "say the number after {key}", "name the number after {key}", "which one follows {key}"),
    *("one more than {key} is what", "the number after {key} please"),
)
BEFORE = (
    *ways(_WHAT, ("what comes before", "which number comes before", "what number is before"), ("{key}",)),
    *("before {key} comes what", "say the number before {key}", "name the number before {key}"),
    *("one less than {key} is what", "the number before {key} please", "what goes before {key}"),
)
OPPOSITE = (
    *ways(("what is", "what's", "name", "tell me", "say", "and", "do you know"), ("the opposite of {key}",)),
    *("opposite of {key}", "the opposite of {key} please", "{key} has which opposite", "{key} and its opposite is"),
)
COLOR = (
    *ways(("", "tell me", "say"), ("what color is", "what color has", "which color is", "which color has"), ("{key}",)),
    *ways(("name", "say", "do you know", "tell me"), ("the color of {key}",)),
    *(
        "{key} has what color",
        "of what color is {key}",
    ),
)
MANY = (
    *("how many {key}", "how many {key}", "how many {key}", "tell me how many {key}", "do you know how many {key}"),
    *("say how many {key}", "how many {key} is it", "please tell how many {key}", "now how many {key}"),
)
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
    *("how far is {country}", "what time is it now in {country}", "how many people live in {country}", "who is {name}"),
    *("what does a {noun} cost", "book a table for {name}", "find me a cheap {noun}", "send {name} a message"),
    *("is there a {noun} shop near here", "what is the news", "when does the shop open", "who won last night"),
    *(
        "how do you {verb} a {noun}",
        "explain {work} to me",
        "what is the meaning of {work}",
        "where can i buy a {noun}",
    ),
    *("when was {work} made", "how old is {name}", "what should i cook tonight", "translate {noun} for me"),
    *("how tall is the tower", "check my mail for me", "what is on television tonight", "which is the longest river"),
    *("where is {country}", "what language do they speak in {country}", "get me a ticket to {country}"),
    *("how much is the train to {country}", "what is the best way to {verb} the {noun}", "ask {name} about the {noun}"),
    *("read me something about {country}", "look for a new {noun}", "search for a {noun} near me", "what year was it"),
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
    *("the train goes every {n} minutes", "wait a minute", "it took {n} seconds or so", "she calls me every day"),
    *("say hello to {name}", "tell {name} i said hello", "i will remind {name}", "they stop at every {noun}"),
    *("in {n} minutes we go", "i have {n} of them", "{name} will be here in {n} minutes", "count me in"),
    *("when i hear {cue} i think of {noun}", "each of us has a {noun}", "after {n} minutes we left", "i said {cue}"),
    *("what a nice {noun}", "how many times did {name} say it", "tell me about it later", "that's enough for {name}"),
    *("he always says {cue}", "the {noun} looked like a {cue}", "every {noun} has a {cue}", "no i can wait"),
    *("from now on we {verb} the {noun}", "i want a {noun}", "i would like some {noun}", "let us {verb} the {noun}"),
    *("at the sound of music we dance", "it is {n} seconds long", "please tell {name}", "you can say that again"),
)
# What long sentences are made of: somebody tells something.
STORIES = (
    *("we went to the market early", "my sister bought two chairs", "they painted the whole fence green"),
    *("the old bridge was closed for weeks", "she had lost her keys again", "our neighbours moved away last spring"),
    *("it rained until late at night", "he was reading the paper aloud", "i never found the right street"),
    *("the children played behind the barn", "there were not enough plates", "his uncle used to repair clocks"),
    *("we waited in the cold for ages", "the shop sells nothing but hats", "a man with a ladder came by"),
    *("everyone was looking for the cat", "the soup needed more salt", "they spoke about the election"),
    *("i had forgotten my coat at home", "her boss wanted it on friday", "we took the wrong turn twice"),
    *("the lights went out for a while", "you could hear the sea from there", "grandfather told us the same joke"),
    *("the bus was full of students", "my brother plays the drums badly", "nothing else happened that week"),
    *("somebody left a note under the door", "the garden looked rather wild", "nobody liked the second film"),
)
JOINTS = ("and", "and then", "but", "because", "so", "while", "although", "before", "after that", "until", "when")
ENDINGS = (
    *("and there stood a", "and he mentioned the", "but i only saw the", "and we laughed at the", "so she gave me a"),
    *("until they showed us the", "because of the", "and all i remember is the", "then somebody said", "like a"),
)
NAMES = words_of("john mary mom peter anna david lisa")
SOUNDS = words_of("beep bell knock")
