"""What the helper heads of training are asked in each micro-turn: what stands, and how long it is until it is due.

An interval is asked for by the words of its number and not as a class, and what is left of it in every micro-turn: a
model that was asked for intervals as classes stayed silent at those it had never met.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from training import vocab
from training.tasks import SIGHTS, Kind
from training.timeline import FRAMES_PER_TURN, Standing, Talk, Timeline

MODES = (None, Kind.EVERY, Kind.IN, Kind.CUE, Kind.SOUND, Kind.COUNT, Kind.TALK)
NONE = -100  # no target here
# Micro-turns that are left, or gone since a "go"; what lies between two of these is a share of each.
LEFT = (0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 63, 80, 100, 125, 160, 200, 250, 320)
COLUMNS = {
    **{"mode": len(MODES), "say_1": len(vocab.WORDS), "say_2": len(vocab.WORDS), "cue": len(vocab.WORDS)},
    **{"tens": 7, "ones": 20, "half": 2, "gone": len(LEFT), "left": len(LEFT)},
}


SPANS = ("gone", "left")  # the columns in micro-turns


def what_stands(line: Timeline, k: int, cut_short: frozenset[int], start: int) -> list[int]:
    """One target for each of `COLUMNS`, NONE where there is none. start: from which micro-turn on all was heard."""
    since = gone(line, k, start)
    standing = standing_at(line, k)
    if standing is None:
        talk = next((talk for talk in line.talks if talk.first <= k <= talk.last), None)
        return [*(_of_talk(line, talk, k) if talk else [0] + [NONE] * 6), since, NONE]
    asked = standing.utterance
    counts = asked.kind in (Kind.COUNT, Kind.REPS)
    begun = (turn for turn in line.out if turn - 1 not in cut_short)  # the rest of an answer is none of its own
    said = sum(standing.kept < turn < k for turn in begun) if counts or asked.kind is Kind.ACTS else 0
    words = vocab.number(said + 1) if counts else asked.say
    if asked.kind is Kind.ACTS:
        words = ("start", "stop")[said % 2]
    say = (*vocab.encode(words), vocab.TOKEN_ID[vocab.SIL], NONE)
    cue = vocab.heard(asked.cue)[0] if asked.cue else NONE
    mode = MODES.index(asked.kind) if asked.kind in MODES else NONE
    timed = asked.kind in (Kind.EVERY, Kind.IN)
    number = _number_words(asked.tenths) if timed else [NONE] * 3
    return [mode, say[0], say[1], cue, *number, since, left(standing, k) if timed else NONE]


def gone(line: Timeline, k: int, start: int) -> int:
    """Micro-turns from the end of the last "go" to k; NONE where none was heard since `start`."""
    last = max((end // FRAMES_PER_TURN for end in line.goes if end // FRAMES_PER_TURN <= k), default=-1)
    return k - last if last >= start else NONE


def left(standing: Standing, k: int) -> int:
    """Micro-turns from k until the next timed answer, 0 where it is due; NONE after the only one."""
    last = 1 if standing.utterance.kind is Kind.IN else 1 << 30
    index = 1
    while standing.due(index) < k and index < last:
        index += 1
    rest = standing.due(index) - k
    return rest if rest >= 0 else NONE


def shares(left_N: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """[N, len(LEFT)]: micro-turns as shares of the two of LEFT that they lie between."""
    found_NL = np.zeros((len(left_N), len(LEFT)), np.float32)
    for index, (low, high) in enumerate(pairwise(LEFT)):
        part_N = (left_N - low) / (high - low)
        inside_N = (left_N >= low) & (left_N < high)
        found_NL[inside_N, index] = 1 - part_N[inside_N]
        found_NL[inside_N, index + 1] = part_N[inside_N]
    found_NL[left_N >= LEFT[-1], -1] = 1
    return found_NL


def _number_words(tenths: int) -> list[int]:
    """Tens, ones (to nineteen) and a half, as they are spoken."""
    whole, rest = divmod(tenths, 10)
    tens, ones = divmod(whole, 10) if whole >= 20 else (0, whole)
    return [tens, ones, int(rest > 0)]


def _of_talk(line: Timeline, talk: Talk, k: int) -> list[int]:
    """The next number, and the last one."""
    due = sum(talk.first <= turn < k for turn in line.out) + 1
    say = vocab.encode(vocab.number(due))[0] if due <= talk.number else vocab.TOKEN_ID[vocab.SIL]
    return [MODES.index(Kind.TALK), say, NONE, NONE, *_number_words(10 * talk.number)]


def asked_of_camera(line: Timeline, k: int) -> int:
    """Which request about the camera stands, from 1; 0 for none."""
    standing = standing_at(line, k)
    return 1 + SIGHTS.index(standing.utterance.kind) if standing and standing.utterance.kind in SIGHTS else 0


def standing_at(line: Timeline, k: int) -> Standing | None:
    return next((item for item in line.standings if item.kept <= k < item.released), None)
