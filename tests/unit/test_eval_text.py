"""Text benchmarks: rules judge the answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.errors import ConfigError
from evals.knowledge import bbh, ifeval

PROMPT = ifeval.Prompt(
    key=1,
    prompt="Write two words without a comma.",
    instructions=("punctuation:no_comma", "detectable_format:number_highlighted_sections"),
    kwargs=({}, {"num_highlights": 1}),
)


@pytest.mark.parametrize(
    ("task", "answer", "normal"),
    [
        ("navigate", "Yes.", "yes"),
        ("navigate", "It may seem yes, but the answer is No", "no"),
        ("formal_fallacies", "The argument is **invalid**.", "invalid"),
        ("object_counting", "I count 3 apples and 5 plums, so 8", "8"),
        ("object_counting", "There are eleven.", "11"),
        ("web_of_lies", "I cannot tell", ""),
    ],
)
def test_an_answer_is_read_whatever_stands_around_it(task: str, answer: str, normal: str) -> None:
    assert bbh.normalise(task, answer) == normal


def test_silence_is_never_right_and_chance_is_told() -> None:
    questions = [bbh.Question(task="navigate", text="?", target=target) for target in ("Yes", "No", "No")]
    assert not any(bbh.right(each, "") for each in questions)
    assert bbh.chance(questions) == {"navigate": 66.67}


def test_instructions_are_verified_strictly_and_loosely() -> None:
    good = ifeval.verify(PROMPT, "*two words*")
    assert (good.strict, good.loose) == ((True, True), (True, True))
    first_line = ifeval.verify(PROMPT, "Sure, here it is:\n*two words*")
    assert (first_line.strict, first_line.loose) == ((False, True), (True, True))
    empty = ifeval.verify(PROMPT, "")
    assert not any((*empty.strict, *empty.loose))
    found = ifeval.accuracies([good, first_line, empty])
    assert found["prompt_strict"] == pytest.approx(100 / 3)
    assert found["instruction_loose"] == pytest.approx(200 / 3)


def followed(instruction: str, answer: str, **kwargs: object) -> bool:
    prompt = ifeval.Prompt(key=1, prompt="?", instructions=(instruction,), kwargs=(kwargs,))
    return ifeval.verify(prompt, answer).strict[0]


def test_sentences_words_and_languages_are_told_without_any_download() -> None:
    three = {"num_sentences": 3, "relation": "at least"}
    assert followed("length_constraints:number_sentences", "It rains. We stay in. Tea is good.", **three)
    assert not followed("length_constraints:number_sentences", "It rains, we stay in, tea is good.", **three)
    twice = {"capital_frequency": 2, "capital_relation": "at least"}
    assert followed("change_case:capital_word_frequency", "THIS IS loud", **twice)
    german = "Der Zug kommt heute leider eine halbe Stunde später, und niemand weiß, warum."
    assert followed("language:response_language", german, language="de")
    assert not followed("language:response_language", german, language="en")


def test_each_of_the_published_instructions_has_its_verifier() -> None:
    registry, _ = ifeval._verifiers()
    assert len(registry) == 25
    for name in registry:
        checker = registry[name](name)
        arguments = {key: "Say this." for key in checker.get_instruction_args_keys() if key == "prompt_to_repeat"}
        assert checker.build_description(**arguments)
        assert checker.check_following("Any answer at all.\n\nIt has two paragraphs.") in (True, False)


def test_an_instruction_nobody_can_verify_ends_the_run() -> None:
    with pytest.raises(ConfigError, match="no verifier for the instruction detectable_format:poem"):
        followed("detectable_format:poem", "roses")


def test_prompts_that_are_not_there_are_asked_for_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"input_data\.jsonl"):
        ifeval.read(tmp_path)
    with pytest.raises(ConfigError, match=r"formal_fallacies\.json"):
        bbh.read(tmp_path)
