"""The closed vocabulary of counterpoint-micro, by role. Token ids are positions in `WORDS`; `<sil>` is 0."""

from __future__ import annotations


def words_of(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SIL, KEEP, RELEASE = "<sil>", "<keep>", "<release>"
SPECIAL = (SIL, KEEP, RELEASE, "<delegate>", "<stop>", "<unk>")
# Room in the embedding for control tokens to come, so that a checkpoint can learn them without changing shape.
RESERVED = tuple(f"<reserved{index}>" for index in range(8))
REQUEST = words_of(
    "remind me to every seconds in say when you hear stop that's enough please can now and a half the word okay"
)
NUMBERS = words_of("one two three four five six seven eight nine ten eleven twelve")
VERBS = words_of("drink check call open close take bring feed wash read move clean start fix")
NOUNS = words_of("water tea oven door mail medicine dog window plants phone kitchen car book bread garden soup")
SINGLES = words_of("stretch breathe blink relax jump hello smile stand dance sing")
CUES = words_of(
    "banana tiger purple rocket guitar castle diamond thunder monkey silver island coffee "
    "pepper winter dragon basket mirror candle button pirate ladder marble violin turtle"
)
COUNTING = words_of("thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty")
SECOND = words_of(  # asking for changes, elapsed time, counts and sights
    "second make change it to cancel never mind instead long since has been said go time each whenever word count "
    "how many times often tell me see start wait then does do what comes after before opposite of color who where "
    "find out look up search for let moment one person until my your a an the turns light sound beep bell knock clap "
    "that days months year hour hours minute wrote france"
)
ANSWERS = words_of(
    "hot cold up down day night white black yellow open closed happy sad fast slow old new left right "
    "wet dry loud quiet high low full empty on off yes no hard soft sweet sour long short early late"
)
SIGHTS = words_of(
    "circle square triangle star cross ring squats jumps curls raises pushups taps "
    "sits sit down stands up waves wave jumps jump bends bend drinks drink reaches reach walks walk"
)
ASIDES = words_of("mm hm uh huh yeah i hey john mary mom him her he she them grass snow sky week legs capital of")
CHATTER = words_of(
    "today yesterday weather sunny rain morning evening family brother sister house river mountain music school "
    "work people happy tired maybe really think know like want going was is it i we they very good nice big little "
    "red blue green went saw there here with some from about minutes"
)
_ROLES = (REQUEST, NUMBERS, VERBS, NOUNS, SINGLES, CUES, COUNTING, SECOND, ANSWERS, SIGHTS, ASIDES, CHATTER)
WORDS = tuple(dict.fromkeys((*SPECIAL, *RESERVED, *(word for role in _ROLES for word in role))))
TOKEN_ID = {word: index for index, word in enumerate(WORDS)}

# Said in two words by a request; the rest of VERBS x NOUNS is trained. Their words occur in training, never together.
HELD_OUT_PHRASES = tuple(
    f"{verb} {NOUNS[(index * 5 + shift) % len(NOUNS)]}" for index, verb in enumerate(VERBS) for shift in (0, 7)
)
TRAINED_PHRASES = tuple(
    phrase for verb in VERBS for noun in NOUNS if (phrase := f"{verb} {noun}") not in HELD_OUT_PHRASES
)

# Words that training hears but never asks to wait for or to count: as cues they are kept for evaluation.
HELD_OUT_CUES = words_of("river window garden music family mountain weather morning kitchen people brother")

# What is asked to wait for or to count. A few words are learned by heart; of many, only that one is the other's repeat.
# Those of the last lines are not in the vocabulary, as most words of anybody's are.
ASKED_CUES = CUES + words_of(
    "water tea oven door mail medicine dog phone car book bread soup stretch smile stand dance today "
    "yesterday rain evening sister house school work happy tired red blue green nice little hot cold "
    "night white black fast slow sweet sour grass snow week planet pencil jacket wagon rabbit forest "
    "bucket cabin magnet pocket shadow spider temple valley whistle zebra apple bottle camel desert "
    "engine falcon goblin insect jungle kettle lemon needle orange panda ribbon sugar tomato umbrella "
    "anchor blanket cactus dolphin eagle fiddle ginger ivory jelly kitten lizard meadow nickel otter "
    "radar salmon throne uncle wizard"
)

# Intervals in tenths of a second, in halves from 2 to 60 s; some are never trained.
HELD_OUT_TENTHS = (75, 170, 470)
_GRID = range(20, 605, 5)
ALL_TENTHS = tuple(tenths for tenths in _GRID if tenths not in HELD_OUT_TENTHS)

UNKNOWN = TOKEN_ID["<unk>"]
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty")


def encode(text: str) -> tuple[int, ...]:
    """Token ids of a phrase of known words. Raises KeyError with the word that is not in the vocabulary."""
    return tuple(TOKEN_ID[word] for word in text.split())


def heard(text: str) -> tuple[int, ...]:
    """Token ids of what anybody may say: a word that is not in the vocabulary is <unk>."""
    return tuple(TOKEN_ID.get(word, UNKNOWN) for word in text.split())


def number(whole: int) -> str:
    """42 -> "forty two"; 1 to 69."""
    if whole < 20:
        return (*NUMBERS, *COUNTING)[whole - 1]
    tens, ones = divmod(whole, 10)
    return _TENS[tens - 2] + (f" {NUMBERS[ones - 1]}" if ones else "")


def say_number(tenths: int) -> str:
    """25 -> "two and a half"."""
    whole, rest = divmod(tenths, 10)
    return number(whole) + (" and a half" if rest else "")
