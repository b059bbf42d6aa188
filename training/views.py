"""What the model sees of a conversation: a context as the server builds it, flattened to arrays with targets.

Letters: T tokens of a row, A audio tokens, W words heard, L frames of an audio token, C mel channels, P pictures,
G patches of a picture, X bytes of a patch, S columns of a track, Q of a stance, H helper heads, K micro-turns learned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from cluster.model.since import since_features
from training import vocab
from training.sights.body import STANCE
from training.sights.reel import TRACK
from training.standing import COLUMNS, NONE, asked_of_camera, what_stands
from training.timeline import FRAMES_PER_TURN, Timeline

STRIDE = 16
PINS_MAX = 40
FRAMES_PER_TOKEN = 5
GAP_TURNS = 10  # at least; shorter ones are sealed micro-turn by micro-turn
PATCH, GRID = 40, 2
PATCHES = GRID * GRID

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Which micro-turns of a timeline stand in the context: pins first, then the tail [start, stop) but the lost."""

    pins: tuple[int, ...]
    start: int
    stop: int
    k_offset: int = 0  # added to every k: the conversation is older than the timeline
    lost: range = range(0)  # nobody was attached; the micro-turn after them stands for the whole gap

    @property
    def turns(self) -> tuple[int, ...]:
        return (*self.pins, *(k for k in range(self.start, self.stop) if k not in self.lost))


@dataclass(slots=True, kw_only=True)
class View:
    """One training row. aux columns: those of `training.standing`.

    asked: which request about the camera stands, 0 for none, at the same tokens.
    """

    tokens_T: Ints
    positions_T: Ints
    targets_T: Ints
    audio_at_A: Ints  # index of each audio token in the row
    elapsed_A: Ints  # its k
    since_AX: npt.NDArray[np.bool_]  # what it is told of how long ago the model spoke and was asked
    frames_ALC: npt.NDArray[np.uint8]
    aux_at_K: Ints  # index of the last input token of each micro-turn with targets
    aux_KH: Ints
    asked_K: Ints
    words_W: Ints
    picture_at_P: Ints  # index of the first patch of each picture
    patches_PGX: npt.NDArray[np.uint8]
    track_PS: Ints
    stance_PQ: npt.NDArray[np.float32]


def choose_cut(rng: np.random.Generator, line: Timeline, whole_share: float, due_share: float) -> Cut:
    """From the start of the session, or as after an anchor: pins of what stands, and a tail from mid-session.

    due_share: how often the tail is where a long interval ends, which few would show otherwise.
    """
    offset = int(rng.integers(0, 18000)) if rng.random() < 0.5 else 0
    if rng.random() < whole_share or line.turns <= 170:
        return Cut(pins=(), start=0, stop=min(160, line.turns), k_offset=offset)
    start = int(rng.integers(20, line.turns - 140))
    far = [each for each in line.standings if each.utterance.tenths >= 120 and each.due(1) in range(60, line.turns)]
    if far and rng.random() < due_share:
        end = far[int(rng.integers(len(far)))].due(1)
        start = min(max(20, end - int(rng.integers(5, 150))), line.turns - 140)
    # a request is never cut in two: what is left of it could not be understood
    for first, last in sorted([(each.first, each.kept) for each in line.standings] + line.whole):
        if start in range(first, last + 1):
            start = last + 1
    start = min(start, line.turns - 20)
    return Cut(pins=pins_at(rng, line, start), start=start, stop=min(line.turns, start + 160), k_offset=offset)


def pins_at(rng: np.random.Generator, line: Timeline, start: int) -> tuple[int, ...]:
    """Pinned micro-turns in a context whose tail begins at `start`; noise may have hidden where the request began."""
    pins: tuple[int, ...] = ()
    for standing in line.standings:
        in_prefix = standing.first < 0
        until = standing.released
        for later in line.standings:  # what was changed is still needed for its phrase
            if later.pins > 1 and later.kept == until:
                until = later.released
        if not in_prefix and standing.kept < start < until:
            lead = int(rng.integers(0, PINS_MAX)) if rng.random() < 0.15 else int(rng.integers(1, 4))
            first = max(0, standing.first - lead, standing.kept + 1 - PINS_MAX)
            pins += tuple(range(first, standing.kept + 1))
    return tuple(sorted(set(pins)))[-PINS_MAX:]


def view(
    line: Timeline,
    codes_FC: npt.NDArray[np.uint8],
    cut: Cut,
    limit: int,
    silenced: frozenset[int],
    cut_short: frozenset[int] = frozenset(),
) -> View:
    """Flattens a cut. Micro-turns that would exceed `limit` tokens are left out.

    silenced: micro-turns that were coalesced and so could not speak; what was due moved on, and they have no target.
    cut_short: micro-turns whose further passes were withheld (`truncate`): their silence was not chosen.
    """
    tokens, positions, targets = list(line.prefix), list(range(len(line.prefix))), [NONE] * len(line.prefix)
    base = -(-len(line.prefix) // STRIDE) * STRIDE
    audio_at, elapsed, since, frames, aux_at, aux, seen = [], [], [], [], [], [], []
    since_K2 = since_each(line)
    picture_at, pictures, track, stance, asked = [], [], [], [], []
    padded_FC = np.concatenate([np.zeros((FRAMES_PER_TOKEN, codes_FC.shape[1]), np.uint8), codes_FC])
    for index, k in enumerate(cut.turns):
        text, out, shot = line.text.get(k, ()), line.out.get(k, ()), line.camera.get(k)
        patches = PATCHES if shot else 0
        if len(tokens) + 3 + patches + len(text) + len(out) > limit:
            break
        learn = index >= len(cut.pins) and k not in silenced
        at = len(tokens)
        tokens += [vocab.TOKEN_ID[vocab.SIL]] * (2 + patches) + [*text, *out, vocab.TOKEN_ID[vocab.SIL]]
        positions += range(base + STRIDE * index, base + STRIDE * index + len(tokens) - at)
        end = NONE if k in cut_short else vocab.TOKEN_ID[vocab.SIL]
        choices = [*out, end] if learn else [NONE] * (len(out) + 1)
        targets += [NONE] * (1 + patches + len(text)) + choices + [NONE]
        audio_at += [at, at + 1]
        elapsed += [k + cut.k_offset] * 2
        since += [since_features(since_K2[k])] * 2
        sound_FC = padded_FC[k * FRAMES_PER_TURN : k * FRAMES_PER_TURN + FRAMES_PER_TURN + FRAMES_PER_TOKEN]
        frames += [sound_FC[: 2 * FRAMES_PER_TOKEN], sound_FC[FRAMES_PER_TOKEN:]]
        if shot:
            picture_at.append(at + 2)
            pictures.append(shot[0])
            track.append(shot[1])
            stance.append(shot[2])
        if learn:
            aux_at.append(at + 1 + patches + len(text))
            aux.append(what_stands(line, k, cut_short, cut.start))
            asked.append(asked_of_camera(line, k))
        seen.append(k)
    return View(
        tokens_T=np.array(tokens),
        positions_T=np.array(positions),
        targets_T=np.array(targets),
        audio_at_A=np.array(audio_at),
        elapsed_A=np.array(elapsed),
        since_AX=np.array(since, bool),
        frames_ALC=np.stack(frames),
        aux_at_K=np.array(aux_at, np.int64),
        aux_KH=np.array(aux, np.int64).reshape(-1, len(COLUMNS)),
        asked_K=np.array(asked, np.int64),
        words_W=np.array(_words(line, seen), np.int64),
        picture_at_P=np.array(picture_at, np.int64),
        patches_PGX=patched(np.array(pictures, np.uint8).reshape(-1, GRID * PATCH, GRID * PATCH, 3)),
        track_PS=np.array(track, np.int64).reshape(-1, len(TRACK)),
        stance_PQ=np.array(stance, np.float32).reshape(-1, STANCE),
    )


def since_each(line: Timeline) -> list[tuple[int, int]]:
    """What the server tells each micro-turn of `line`: `cluster.session.since`, by the same controls."""
    keep, release = vocab.TOKEN_ID[vocab.KEEP], vocab.TOKEN_ID[vocab.RELEASE]
    told, pins, spoke = [], list[int](), -1
    for k in range(line.turns):
        told.append((k - spoke, k - pins[-1] if pins else 0))
        for token in line.out.get(k, ()):
            spoke = k
            if token == keep:
                pins.append(k)
            elif token == release:
                pins = pins[1:]
    return told


def patched(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """[P, S, S, 3] cut as `cluster.media.frames` does: [P, G, X]."""
    grid = pictures.reshape(-1, GRID, PATCH, GRID, PATCH, 3).transpose(0, 1, 3, 2, 4, 5)
    return grid.reshape(-1, PATCHES, PATCH * PATCH * 3)


def detach(rng: np.random.Generator, line: Timeline, cut: Cut, codes_FC: npt.NDArray[np.uint8]) -> Cut:
    """A gap of more than two seconds in some quiet stretch of the tail, as a detached session has: of its micro-turns
    one of silence enters, and the clock jumps. Where it is never quiet for so long, nothing is lost.
    """
    busy_K = np.zeros(line.turns + 1, bool)
    busy_K[[k for k in (*line.text, *line.out, *line.camera) if k < line.turns]] = True
    for placed in line.placed:
        busy_K[placed.start // FRAMES_PER_TURN : placed.end // FRAMES_PER_TURN + 1] = True
    taken_K = np.flatnonzero(busy_K[cut.start + 1 : cut.stop]) + cut.start + 1
    edges = [cut.start, *taken_K.tolist(), cut.stop]
    quiet = [(first + 1, last) for first, last in pairwise(edges) if last - first > GAP_TURNS + 1]
    if not quiet:
        return cut
    first, last = quiet[int(rng.integers(len(quiet)))]
    length = int(rng.integers(GAP_TURNS, last - first))
    start = int(rng.integers(first, last - length))
    end = start + length  # the micro-turn that stands for them
    at, before = end * FRAMES_PER_TURN, start * FRAMES_PER_TURN
    codes_FC[at - FRAMES_PER_TOKEN : at] = codes_FC[before - FRAMES_PER_TOKEN : before]
    codes_FC[at : at + FRAMES_PER_TURN] = 0
    return replace(cut, lost=range(start, end))


def coalesce(rng: np.random.Generator, line: Timeline, share: float, behind: float = 0.0) -> frozenset[int]:
    """Makes some micro-turns mute, as coalescing does: two or three enter in one tick, and what they owed is said in
    the last. behind: how likely a machine is that for a while has time for every second tick only.

    Returns the mute ones. Micro-turns that owe two answers stay apart.
    """
    slow = range(0)
    if rng.random() < behind:
        slow = range(first := int(rng.integers(line.turns)), first + int(rng.integers(10, 50)))
    mute: set[int] = set()
    k = 0
    while k < line.turns - 1:
        several = 2 if k in slow else 2 + int(rng.random() < 0.3) if rng.random() < share else 1
        last = min(k + several, line.turns) - 1
        owed = [turn for turn in range(k, last + 1) if turn in line.out]
        if last == k or len(owed) > 1:
            k += 1
            continue
        mute.update(range(k, last))
        if owed:
            line.out[last] = line.out.pop(owed[0])
        k = last + 1
    return frozenset(mute)


def truncate(rng: np.random.Generator, line: Timeline, share: float) -> frozenset[int]:
    """Withholds all passes but the first from some answers, as a busy cluster does: the rest is said right after.

    Returns the micro-turns that were cut short.
    """
    short = set()
    for k, ids in sorted(line.out.items()):
        if len(ids) > 1 and k + 1 < line.turns and k + 1 not in line.out and rng.random() < share:
            line.out[k], line.out[k + 1] = ids[:1], ids[1:]
            short.add(k)
    return frozenset(short)


def mistime(rng: np.random.Generator, line: Timeline, early: float, late: float) -> frozenset[int]:
    """Shifts some answers by one micro-turn, so that the model learns to go on from its own small errors.

    Returns the micro-turns without target: the silence before a late answer, and an early answer itself.
    """
    forced = set()
    for k, ids in sorted(line.out.items()):
        draw = rng.random()
        # a pin ends with its keep, so that one stays where it is
        keeps = ids[0] == vocab.TOKEN_ID[vocab.KEEP]
        if draw < late and not keeps and k + 1 < line.turns and k + 1 not in line.out:
            line.out[k + 1] = line.out.pop(k)
            forced.add(k)
        elif (
            late <= draw < late + early
            and ids[0] >= len(vocab.SPECIAL) + len(vocab.RESERVED)
            and k > 0
            and k - 1 not in line.out
        ):
            line.out[k - 1] = line.out.pop(k)
            forced.add(k - 1)
    return frozenset(forced)


def _words(line: Timeline, turns: list[int]) -> list[int]:
    """The words spoken in these micro-turns, by the estimated middle of each."""
    present, words = set(turns), []
    for placed in line.placed:
        ids = () if placed.aside else vocab.heard(placed.clip.utterance.words)
        for index, word in enumerate(ids):
            middle = placed.start + (placed.end - placed.start) * (index + 0.5) / len(ids)
            if int(middle) // FRAMES_PER_TURN in present:
                words.append(word)
    return words
