"""What a keep pins: the request, the silence before it, the pause after it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.session.limits import CheckpointLimits
from cluster.session.pins import cut_pin, held_turns, is_silent
from cluster.types import ContextTurn, MicroTurn

LIMITS = CheckpointLimits(audio_bytes=600, context_bytes=200)


def tail(levels: str) -> tuple[ContextTurn, ...]:
    """One micro-turn per letter: s silent, q nearly so, l loud, t text and silence."""
    own = {"s": bytes(400), "q": bytes([1] * 150 + [0] * 250), "l": bytes([2] * 400), "t": bytes(400)}
    return tuple(
        ContextTurn(turn=MicroTurn(k=k, audio=bytes(200) + own[letter], text=(5,) if letter == "t" else ()))
        for k, letter in enumerate(levels)
    )


def pinned(levels: str, most: int = 40) -> list[int]:
    return [item.turn.k for item in cut_pin(tail(levels), LIMITS, most)]


def test_a_pin_begins_with_the_400_ms_before_the_words_and_ends_with_the_keep() -> None:
    assert pinned("ssssslllls") == [3, 4, 5, 6, 7, 8, 9]


def test_a_breath_inside_the_request_does_not_end_it() -> None:
    assert pinned("sssllsllss") == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_an_earlier_request_is_left_out() -> None:
    assert pinned("sslllssllls") == [5, 6, 7, 8, 9, 10]


def test_a_request_without_silence_before_it_is_cut_at_the_limit() -> None:
    assert pinned("l" * 100) == list(range(60, 100))
    assert pinned("lllll") == [0, 1, 2, 3, 4]


def test_a_written_request_counts_as_words() -> None:
    assert pinned("ssssttss") == [2, 3, 4, 5, 6, 7]


def test_only_the_own_frames_decide_what_is_silent() -> None:
    before = MicroTurn(k=1, audio=bytes([9] * 200) + bytes(400))
    assert is_silent(before, LIMITS)
    assert is_silent(tail("q")[0].turn, LIMITS)
    assert not is_silent(tail("l")[0].turn, LIMITS)


@settings(deadline=None)
@given(st.text(alphabet="sqlt", min_size=1, max_size=60), st.integers(1, 40))
def test_a_pin_is_an_unbroken_end_of_the_tail_and_bounded(levels: str, most: int) -> None:
    ks = pinned(levels, most)
    assert ks == list(range(ks[0], len(levels)))
    assert 1 <= len(ks) <= most


def test_micro_turns_of_several_pins_are_held_once() -> None:
    turns = tail("llllll")
    assert [item.turn.k for item in held_turns((turns[2:5], turns[0:3]))] == [0, 1, 2, 3, 4]
