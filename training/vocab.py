"""The closed vocabulary of counterpoint-micro, by role. Token ids are positions in `WORDS`; `<sil>` is 0."""

from __future__ import annotations


def words_of(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SIL, KEEP, RELEASE = "<sil>", "<keep>", "<release>"
SPECIAL = (SIL, KEEP, RELEASE, "<delegate>", "<stop>", "<unk>")
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
CHATTER = words_of(
    "today yesterday weather sunny rain morning evening family brother sister house river mountain music school "
    "work people happy tired maybe really think know like want going was is it i we they very good nice big little "
    "red blue green went saw there here with some from about minutes"
)
WORDS = SPECIAL + REQUEST + NUMBERS + VERBS + NOUNS + SINGLES + CUES + CHATTER
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

# Intervals in tenths of a second. "every seven" is untrained though "in seven" is; 4.5 and 6.5 are wholly untrained.
ALL_TENTHS = (20, 25, 30, 35, 40, 50, 55, 60, 70, 75, 80, 85, 90, 95, 100, 110, 120)
HELD_OUT_TENTHS = (45, 65)
HELD_OUT_PERIODS = (45, 65, 70, 75)
PERIODS = tuple(tenths for tenths in ALL_TENTHS if tenths not in HELD_OUT_PERIODS)


def encode(text: str) -> tuple[int, ...]:
    """Token ids of a phrase of known words. Raises KeyError with the word that is not in the vocabulary."""
    return tuple(TOKEN_ID[word] for word in text.split())


def say_number(tenths: int) -> str:
    """25 -> "two and a half"."""
    whole, rest = divmod(tenths, 10)
    return NUMBERS[whole - 1] + (" and a half" if rest else "")
