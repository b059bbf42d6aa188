"""What the helper heads of training are asked."""

from __future__ import annotations

import numpy as np
import pytest

from training import standing, views, vocab
from training.clips import Clip
from training.standing import COLUMNS, LEFT, NONE, shares, what_stands
from training.tasks import Kind, Utterance
from training.timeline import TALK_TURNS, Timeline
from training.views import Cut


def heard(line: Timeline, frames: int = 50, **asked: object) -> None:
    utterance = Utterance(**{"words": "x", **asked})  # type: ignore[arg-type]  # by name
    mel = np.zeros((frames, 40), np.uint8)
    line.hear(Clip(utterance=utterance, voice="espeak:x", mel=mel), start=0, frames=frames)


def target(line: Timeline, k: int, name: str) -> int:
    return what_stands(line, k, frozenset(), start=0)[tuple(COLUMNS).index(name)]


@pytest.mark.parametrize(
    ("tenths", "words"), [(75, (0, 7, 1)), (170, (0, 17, 0)), (200, (2, 0, 0)), (470, (4, 7, 0)), (235, (2, 3, 1))]
)
def test_an_interval_is_asked_for_by_the_words_of_its_number(tenths: int, words: tuple[int, int, int]) -> None:
    line = Timeline(400)
    heard(line, kind=Kind.EVERY, say="tea", tenths=tenths)
    kept = line.standings[0].kept
    assert tuple(target(line, kept + 1, name) for name in ("tens", "ones", "half")) == words
    assert all(index < COLUMNS[name] for index, name in zip(words, ("tens", "ones", "half"), strict=True))


def test_what_is_left_counts_down_to_each_answer_and_ends_with_a_single_one() -> None:
    line = Timeline(100)
    heard(line, kind=Kind.EVERY, say="tea", tenths=20)
    due = line.standings[0].due(1)
    assert [target(line, k, "left") for k in range(due - 3, due + 3)] == [3, 2, 1, 0, 9, 8]
    line = Timeline(100)
    heard(line, kind=Kind.IN, say="tea", tenths=20)
    assert [target(line, k, "left") for k in range(due - 1, due + 2)] == [1, 0, NONE]


def test_the_time_since_go_is_asked_for_where_go_was_heard() -> None:
    line = Timeline(100)
    heard(line, kind=Kind.CHATTER, words="go")  # ends at 1.0 s
    assert [target(line, k, "gone") for k in (4, 5, 30)] == [NONE, 0, 25]
    column = tuple(COLUMNS).index("gone")
    assert what_stands(line, 30, frozenset(), start=5)[column] == 25
    assert what_stands(line, 30, frozenset(), start=6)[column] == NONE


def test_what_is_left_is_shared_by_the_two_marks_it_lies_between() -> None:
    found_NL = shares(np.array([0, 7, 20, 1000, NONE]))
    assert found_NL.sum(axis=1).tolist() == [1, 1, 1, 1, 0]
    assert found_NL[1, [LEFT.index(6), LEFT.index(8)]].tolist() == [0.5, 0.5]
    assert found_NL[2, LEFT.index(20)] == found_NL[3, -1] == 1


def test_counting_aloud_asks_for_the_next_number_and_the_last() -> None:
    line = Timeline(60)
    heard(line, kind=Kind.TALK, tenths=5)
    begun = line.talks[0].first
    assert target(line, begun, "say_1") == vocab.encode("one")[0]
    assert target(line, begun + TALK_TURNS * 4, "say_1") == vocab.encode("five")[0]
    assert target(line, begun + 1, "ones") == 5
    assert target(line, line.talks[0].last + 1, "mode") == 0


def test_a_number_that_was_cut_short_is_one_number() -> None:
    line = Timeline(60)
    heard(line, kind=Kind.COUNT, cue="tiger")
    kept = line.standings[0].kept
    line.out |= {kept + 3: vocab.encode("twenty one")[:1], kept + 4: vocab.encode("twenty one")[1:]}
    seen = views.view(
        line, np.zeros((600, 40), np.uint8), Cut(pins=(), start=0, stop=60), 400, frozenset(), frozenset({kept + 3})
    )
    assert seen.aux_KH[-1][tuple(COLUMNS).index("say_1")] == vocab.encode("two")[0]
    assert standing.standing_at(line, kept + 3) is line.standings[0]
