"""Re-framing: no sample twice, none made up but flagged silence, the same cut whatever the split and order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.media.timeline import MediaOutcome, Timeline

TURN, WINDOW, HORIZON = 100, 15, 1100


def signal(start: int, end: int) -> np.ndarray:
    """Every sample says where it belongs, and none is zero."""
    return np.arange(start + 1, end + 1, dtype=np.float32)


def timeline(start: int = 0) -> Timeline:
    return Timeline(start=start, window=WINDOW, horizon=HORIZON)


def cut_all(track: Timeline) -> list[tuple[np.ndarray, int]]:
    cuts = []
    while (cut := track.cut(TURN)) is not None:
        cuts.append((cut.samples, cut.silent))
    return cuts


def test_whole_media_is_cut_as_it_came() -> None:
    track = timeline()
    assert track.place(0, signal(0, 250)) is None
    cuts = cut_all(track)
    assert [len(samples) for samples, _ in cuts] == [TURN, TURN]
    assert (np.concatenate([samples for samples, _ in cuts]) == signal(0, 200)).all()


def test_a_micro_turn_is_not_cut_before_its_last_sample_came() -> None:
    track = timeline()
    track.place(0, signal(0, 99))
    assert track.cut(TURN) is None
    track.place(99, signal(99, 100))
    assert track.cut(TURN) is not None


def test_repeated_media_is_a_duplicate_before_and_after_the_cut() -> None:
    track = timeline()
    track.place(0, signal(0, 120))
    assert track.place(20, signal(20, 60)) is MediaOutcome.DUPLICATE
    track.cut(TURN)
    assert track.place(20, signal(20, 60)) is MediaOutcome.DUPLICATE


def test_an_overlap_keeps_the_first_and_takes_the_rest() -> None:
    track = timeline()
    track.place(0, signal(0, 60))
    assert track.place(40, -signal(40, 100)) is MediaOutcome.OVERLAP_REFUSED
    (samples, silent), *_ = cut_all(track)
    assert silent == 0
    assert (samples == np.concatenate([signal(0, 60), -signal(60, 100)])).all()


def test_a_jump_leaves_silence_that_is_flagged_and_final() -> None:
    track = timeline()
    track.place(0, signal(0, 40))
    track.place(70, signal(70, 100))
    assert [(gap.start, gap.end) for gap in track.fill()] == [(40, 70)]
    assert track.place(40, signal(40, 70)) is MediaOutcome.TOO_LATE
    (samples, silent), *_ = cut_all(track)
    assert silent == 30
    assert (samples[40:70] == 0).all()


def test_a_hole_waits_while_its_chunk_may_still_come_within_the_window() -> None:
    track = timeline()
    track.place(0, signal(0, 40))
    track.place(50, signal(50, 65))
    assert track.fill() == []
    assert track.place(40, signal(40, 50)) is None
    assert track.covered == 65


def test_media_far_ahead_is_too_early_and_changes_nothing() -> None:
    track = timeline()
    assert track.place(HORIZON, signal(HORIZON, HORIZON + 1)) is MediaOutcome.TOO_EARLY
    assert track.newest == 0


def test_what_comes_for_a_sealed_micro_turn_is_too_late() -> None:
    track = timeline()
    track.place(50, signal(50, 150))
    track.seal(TURN)
    assert track.place(0, signal(0, 100)) is MediaOutcome.TOO_LATE
    track.place(150, signal(150, 200))
    (samples, silent), *_ = cut_all(track)
    assert silent == 0
    assert (samples == signal(100, 200)).all()


def test_what_a_client_dropped_is_filled_at_once() -> None:
    track = timeline()
    assert [(gap.start, gap.end) for gap in track.fill(through=130)] == [(0, 130)]
    assert track.covered == 130


def splits(total: int, sizes: list[int]) -> list[tuple[int, int]]:
    edges, at = [], 0
    for size in sizes * total:
        if at >= total:
            break
        edges.append((at, min(total, at + size)))
        at += size
    return edges


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 130), min_size=1, max_size=8))
def test_any_split_gives_the_same_cuts(sizes: list[int]) -> None:
    track = timeline()
    cuts = []
    for start, end in splits(600, sizes):
        track.place(start, signal(start, end))
        track.fill()
        cuts += cut_all(track)
    assert (np.concatenate([samples for samples, _ in cuts]) == signal(0, 600)).all()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 700), st.integers(1, 120)), max_size=25))
def test_no_sample_is_used_twice_and_none_invented_but_flagged_silence(chunks: list[tuple[int, int]]) -> None:
    track = timeline()
    cuts = []
    for start, length in chunks:
        track.place(start, signal(start, start + length))
        track.fill()
        cuts += cut_all(track)
    for index, (samples, silent) in enumerate(cuts):
        expected = signal(index * TURN, (index + 1) * TURN)
        made_up = samples != expected
        assert (samples[made_up] == 0).all()
        assert made_up.sum() == silent


late = st.tuples(st.integers(-3 * TURN, -1), st.integers(1, 2 * TURN))  # begins so far from the cut; length
near = st.tuples(st.integers(0, 3 * TURN), st.integers(1, 2 * TURN))
far = st.tuples(st.integers(-TURN, HORIZON + TURN), st.integers(1, HORIZON + TURN))
seals = st.integers(-10, 3 * TURN)  # up to so far from the cut
MEDIA, SILENCE = 1, 2


@settings(deadline=None, max_examples=150)
@given(st.lists(late | near | far | seals, max_size=15))
def test_late_far_and_oversized_chunks_have_the_outcome_and_leave_the_samples_that_a_table_of_places_tells(
    steps: list[tuple[int, int] | int],
) -> None:
    """The table knows of every sample whether media or silence took its place; the timeline must agree with it."""
    track, places = timeline(), np.zeros(40 * HORIZON, np.uint8)
    for step in steps:
        was = track.cursor
        if isinstance(step, tuple):
            start, end = max(0, was + step[0]), max(0, was + step[0]) + step[1]
            held = (track.covered, track.newest)
            outcome = track.place(start, signal(start, end))
            taken = np.zeros_like(places)
            taken[max(start, was) : end] = places[max(start, was) : end] == 0
            if end > was + HORIZON:
                expected, taken[:] = MediaOutcome.TOO_EARLY, 0
            elif taken.any():
                expected = None if taken.sum() == end - start else MediaOutcome.OVERLAP_REFUSED
            else:
                late = (places[start:end] == SILENCE).any()
                expected = MediaOutcome.TOO_LATE if late else MediaOutcome.DUPLICATE
            assert outcome is expected
            assert taken.any() or held == (track.covered, track.newest)
            places[taken.astype(bool)] = MEDIA
        else:
            track.seal(was + step)
            assert track.cursor == max(was, was + step)
            places[was : track.cursor] = SILENCE  # what was held of it is thrown away
        for hole in track.fill():
            assert not places[hole.start : hole.end].any()
            places[hole.start : hole.end] = SILENCE
        at = track.cursor
        for samples, silent in cut_all(track):
            at += TURN
            assert (samples == np.where(places[at - TURN : at] == MEDIA, signal(at - TURN, at), 0)).all()
            assert silent == (places[at - TURN : at] == SILENCE).sum()
            assert places[at - TURN : at].all()
        assert at == track.cursor


@settings(deadline=None, max_examples=60)
@given(st.permutations(range(4)), st.integers(0, 40))
def test_chunks_within_the_window_may_come_in_any_order(order: list[int], at: int) -> None:
    """Four neighbours of 4 samples: no hole is ever more than the window behind the newest sample."""
    track = timeline()
    track.place(0, signal(0, at))
    for index in order:
        start = at + 4 * index
        assert track.place(start, signal(start, start + 4)) is None
        assert track.fill() == []
    assert track.covered == at + 16


@pytest.mark.parametrize("end", [0, -5])
def test_sealing_what_was_cut_changes_nothing(end: int) -> None:
    track = timeline()
    track.place(0, signal(0, 30))
    track.seal(end)
    assert track.covered == 30
