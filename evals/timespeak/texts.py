"""The wordings of TimeSpeak-style requests. They share no four words in a row with those that training uses."""

from __future__ import annotations

EVERY = (
    "every {n} seconds let me hear {say}",
    "please say {say} each {n} seconds",
    "i want to hear {say} once every {n} seconds",
    "each {n} seconds tell me {say}",
    "say {say} again and again every {n} seconds",
    "i like to hear {say} each {n} seconds",
)
IN = (
    "wait {n} seconds and then tell me {say}",
    "{n} seconds from now say {say}",
    "after {n} seconds tell me {say}",
    "tell me {say} {n} seconds from now",
    "i want to hear {say} {n} seconds from now",
    "in {n} seconds let me hear {say}",
)
# All that recorded words allow.
IN_RECORDED = (
    "say {say} after {n} seconds",
    "please say {say} after {n} seconds",
    "please wait {n} seconds and say {say}",
)
SAY_RECORDED = ("hello", "star", "time", "family")
CHANGED = (
    "i want it each {n} seconds instead",
    "from now on every {n} seconds",
    "{n} seconds instead please",
    "no wait go to {n} seconds",
)
ENDED = ("you may stop it now", "stop it please", "no more please stop", "okay cancel it", "never mind stop it now")
GO = ("go", "okay go", "now go")
SINCE = (
    "how long ago did i say go",
    "how many seconds ago did i say go",
    "how long before now did i say go",
    "how many seconds ago was it that i said go",
)
DECOYS = (
    "the train was {n} seconds late again",
    "my brother can hold his breath for {n} seconds",
    "she ran the last lap in {n} seconds",
    "it took him {n} seconds to open the jar",
    "the lights go out every {n} minutes in our office",
    "every morning i wait {n} minutes for the bus",
    "he reminded me in the evening to call her",
    "we have tea every {n} hours when she visits",
    "they said it takes {n} seconds to boot",
    "in {n} years nobody will say that",
    "i heard it {n} times in one day",
    "the kettle needs {n} more seconds i think",
)
