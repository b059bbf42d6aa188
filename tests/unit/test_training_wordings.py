"""The sentences that training asks in."""

import re
from collections import Counter

import numpy as np
import pytest

from training import free_questions, free_wordings, readings, tasks, vocab, wordings
from training.tasks import Kind, Utterance
from training.ways import listed, ours, some, ways, without

ONE, TWO = ("please", "now"), ("say {say}", "call {say}")


def test_ways_are_one_of_each_part_and_an_empty_part_is_left_out() -> None:
    assert ways(("", "please"), ("stop",)) == ("stop", "please stop")


def test_some_are_drawn_from_the_ways_and_are_the_same_each_time() -> None:
    drawn = some(3, ONE, TWO)
    assert drawn == some(3, ONE, TWO)
    assert len({*drawn} & {*ways(ONE, TWO)}) == 3


def test_more_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="4 of 5 sentences"):
        some(5, ONE, TWO)


def test_what_stands_between_commas_may_go_over_lines() -> None:
    assert listed("to be, or\n    not to be") == ("to be", "or not to be")


def test_a_sentence_of_the_evaluation_is_not_ours_whatever_fills_its_blanks() -> None:
    assert not ours("in {n} seconds from now say {say}")
    assert ours("in {n} seconds say {say}")
    assert some(1, ("{n} seconds from now", "in {n} seconds")) == ("in {n} seconds",)


FREE = {
    name: value
    for module in (free_wordings, free_questions)
    for name, value in vars(module).items()
    if name.isupper() and not name.startswith("_")
}
FILLED = {  # by what may be missing
    "NEAR_MISS": {"noun", "verb", "cue", "name", "country", "n", "number", "chatter"},
    "DELEGATED": {"country", "noun", "verb", "work", "name"},
}


def _blanks(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"{(\w*)}", text))


@pytest.mark.parametrize("name", sorted(FREE.keys() - FILLED.keys()))
def test_every_free_sentence_has_the_blanks_of_the_others_of_its_kind(name: str) -> None:
    assert {_blanks(text) for text in FREE[name]} == {_blanks(text) for text in getattr(wordings, name)}


@pytest.mark.parametrize("name", FILLED)
def test_where_any_blank_may_be_missing_each_is_one_that_is_filled(name: str) -> None:
    assert frozenset().union(*map(_blanks, FREE[name])) <= FILLED[name]


def test_no_sentence_asks_for_two_things() -> None:
    questions = {sentences for _, sentences in tasks.QUESTIONS}  # one family stands there twice
    kinds = [*questions, *tasks.BY_KIND.values(), tasks.STOP, tasks.SINCE, tasks.DELEGATED, tasks.NEAR_MISS]
    owners = Counter(text for sentences in kinds for text in set(sentences))
    assert [text for text, count in owners.items() if count > 1] == []


def test_what_is_left_out_leaves_the_others_as_they_were() -> None:
    assert without(("say so", "say it", "now say"), "it") == ("say so", "now say")
    assert without(("sit", "it is"), "it") == ("sit",)


def test_more_than_half_of_what_is_asked_is_free() -> None:
    rng = np.random.default_rng(4)
    asked = [tasks.request(rng, Kind.IN) for _ in range(400)]
    fixed = [each for each in asked if any(_fits(template, each) for template in wordings.IN)]
    assert 0.25 < len(fixed) / len(asked) < 0.55


def _fits(template: str, asked: Utterance) -> bool:
    return template.format(say=asked.say, n=vocab.say_number(asked.tenths)) == asked.words


def test_what_no_sentence_asks_for_is_not_trained() -> None:
    asked = tasks.request(np.random.default_rng(5), Kind.EVERY)
    assert readings.trained(asked)
    other = Utterance(kind=Kind.IN, words=asked.words, say=asked.say, tenths=asked.tenths)
    assert not readings.trained(other)
    assert not readings.trained(Utterance(kind=Kind.STOP, words="be so good as to end"))
