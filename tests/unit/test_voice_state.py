from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.voice import Unit, Units, VoiceState, WordMark

FADE = 10


def unit(text: str, length: int, value: int, *inner: int) -> Unit:
    return Unit(words=tuple(text.split()), sound=np.full(length, value, np.int16), starts=(0, *inner))


RECORDED = [
    unit("open", 100, 7),
    unit("door", 60, 9),
    unit("hi", 4, 5),
    unit("close door", 120, 3, 70),
    unit("close", 80, 2),
]
UNITS = Units(sample_rate=1000, fade=FADE, by_words={unit.words: unit for unit in RECORDED})
WORDS = ("open", "door", "hi", "close")


def session(limit: int = 1000) -> VoiceState:
    return VoiceState(UNITS, limit)


def samples(pcm: bytes) -> list[int]:
    return np.frombuffer(pcm, "<i2").tolist()


def test_nothing_pushed_is_silence_of_the_length_asked_for() -> None:
    assert session().take(5) == (bytes(10), ())


def test_a_word_is_marked_where_its_sound_begins_and_silence_follows_it() -> None:
    state = session()
    state.push(("door",))
    pcm, marks = state.take(100)
    assert samples(pcm) == [9] * 60 + [0] * 40
    assert marks == (WordMark(word="door", start=0),)
    assert state.pending_samples == 0


def test_two_words_overlap_by_the_fade_of_the_inventory() -> None:
    state = session()
    state.push(("open", "door"))
    assert state.pending_samples == 100 + 60 - FADE
    pcm, marks = state.take(200)
    assert samples(pcm)[85:105] == [7] * 5 + [16] * 10 + [9] * 5
    assert [mark.start for mark in marks] == [0, 90]


def test_a_mark_belongs_to_the_piece_in_which_the_word_begins() -> None:
    state = session()
    state.push(("open", "door"))
    assert state.take(80)[1] == (WordMark(word="open", start=0),)
    assert state.take(80)[1] == (WordMark(word="door", start=10),)


def test_a_word_pushed_while_another_sounds_joins_its_end() -> None:
    state = session()
    state.push(("open",))
    state.take(95)
    state.push(("door",))
    assert samples(state.take(60)[0]) == [16] * 5 + [9] * 55  # only five samples were left to overlap with


def test_a_word_shorter_than_the_fade_overlaps_by_its_whole_length() -> None:
    state = session()
    state.push(("open", "hi"))
    assert state.pending_samples == 100
    assert samples(state.take(100)[0])[88:] == [7] * 8 + [12] * 4


def test_a_recorded_phrase_is_preferred_to_its_words_and_marks_each_of_them() -> None:
    state = session()
    state.push(("close", "door", "close"))
    pcm, marks = state.take(200)
    assert samples(pcm)[100:130] == [3] * 10 + [5] * 10 + [2] * 10
    assert [(mark.word, mark.start) for mark in marks] == [("close", 0), ("door", 70), ("close", 110)]


def test_control_tokens_make_no_sound() -> None:
    state = session()
    assert state.push(("<keep>", "hi", "<release>")) == ()
    assert state.take(4)[1] == (WordMark(word="hi", start=0),)


def test_a_word_without_a_unit_is_an_error_and_not_silence() -> None:
    with pytest.raises(KeyError, match="window"):
        session().push(("window",))


def test_a_backlog_beyond_the_limit_is_refused_word_by_word() -> None:
    state = session(limit=150)
    assert state.push(("open", "door", "hi")) == ("door", "hi")
    assert state.pending_samples == 100


def test_an_interruption_forgets_the_unheard_and_names_the_words_that_never_began() -> None:
    state = session()
    state.push(("open", "door"))
    state.take(50)
    assert state.clear() == ("door",)
    assert state.take(10) == (bytes(20), ())


pushes = st.lists(st.lists(st.sampled_from(WORDS), max_size=3).map(tuple), max_size=6)


@given(pushes, st.integers(1, 90))
def test_the_sound_does_not_depend_on_how_it_is_cut(words: list[tuple[str, ...]], size: int) -> None:
    whole, pieces = session(10_000), session(10_000)
    for micro_turn in words:
        whole.push(micro_turn)
        pieces.push(micro_turn)
    total = whole.pending_samples
    whole_pcm, whole_marks = whole.take(total)
    pcm, marks, taken = b"", [], 0
    while taken < total:
        piece, begun = pieces.take(min(size, total - taken))
        marks += [(mark.word, mark.start + taken) for mark in begun]
        pcm += piece
        taken = len(pcm) // 2
    assert pcm == whole_pcm
    assert marks == [(mark.word, mark.start) for mark in whole_marks]


@given(pushes, st.integers(1, 90))
def test_the_micro_turns_since_the_last_silence_rebuild_the_unheard(words: list[tuple[str, ...]], size: int) -> None:
    live = session(10_000)
    since_silence: list[tuple[str, ...]] = []
    for micro_turn in words:
        if not live.pending_samples:
            since_silence.clear()
        live.push(micro_turn)
        live.take(size)
        since_silence.append(micro_turn)
    rebuilt = session(10_000)
    for micro_turn in since_silence:
        rebuilt.push(micro_turn)
        rebuilt.take(size)
    rest = live.pending_samples
    assert rebuilt.pending_samples == rest
    assert rebuilt.take(rest) == live.take(rest)
