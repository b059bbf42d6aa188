"""The wordings of the dev split: whoever tunes on it has not seen how the test asks."""

from __future__ import annotations

EVERY = (
    "let there be {say} once in {n} seconds",
    "with {n} seconds in between keep giving me {say}",
    "i would like {say} as often as {n} seconds go by",
    "each time {n} seconds are gone it is {say} again",
    "as soon as {n} more seconds are over it is {say} again",
)
IN = (
    "let me have {say} when those {n} seconds are up",
    "let {n} seconds go by and say {say}",
    "hold on for {n} seconds but then it is {say}",
    "not now but {n} seconds later i want {say}",
    "from this moment let {n} seconds be gone and say {say}",
)
CHANGED = (
    "i would rather have it at {n} seconds",
    "have it at {n} seconds please",
    "it should be {n} seconds from here on",
)
ENDED = ("you do not need to go on", "okay no more of it", "please end it here", "that was it for now stop")
SINCE = (
    "how many seconds is it from when i said go to now",
    "what time went by after i said go",
    "from go to now how many seconds is that",
)
