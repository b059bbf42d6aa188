"""What keeps evaluation apart from training: engines, phrases, and wordings."""

import ast
import re
from pathlib import Path

import pytest

import evals.carriers
import evals.charades.build
import evals.cuespeak.texts
import evals.dialogue.texts
import evals.proactivevideoqa.build
import evals.repcount.build
import evals.timespeak.texts
from evals.engines.voices import TEST_VOICES
from training import vocab, wordings
from training.sights import asks

ROOT = Path(__file__).parents[2]
TRAINING = sorted((ROOT / "training").rglob("*.py"))
ENGINES = ("flite", "festival", "text2wave", "piper", "asterisk", "pocketsphinx", "allison", "librivox")


@pytest.mark.parametrize("file", TRAINING, ids=lambda file: file.stem)
def test_training_neither_imports_nor_names_the_engines_of_the_test(file: Path) -> None:
    text = file.read_text().lower()
    assert not [name for name in ("evals.engines", *ENGINES) if name in text]
    imported = [node.module or "" for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)]
    assert not [name for name in imported if name.startswith("evals")]


def test_no_voice_of_the_test_is_one_of_the_engine_that_training_uses() -> None:
    assert {voice.split(":")[0] for voice in TEST_VOICES} == {"flite", "festival", "hts", "piper"}


def fours(text: str) -> set[tuple[str, ...]]:
    """Every four words in a row; what is filled in counts as one word, whatever its name."""
    words = [re.sub(r"{\w+}", "{}", word) for word in text.split()]
    return {tuple(words[start : start + 4]) for start in range(len(words) - 3)}


def texts_of(module: object) -> set[str]:
    found: set[str] = set()
    for name, value in vars(module).items():
        parts = value.values() if isinstance(value, dict) else [value]
        if not name.endswith("RECORDED"):  # recorded words leave no choice
            found |= {each for part in parts if isinstance(part, tuple) for each in part if isinstance(each, str)}
    return found


@pytest.mark.parametrize(
    "module",
    [
        *(evals.timespeak.texts, evals.cuespeak.texts, evals.dialogue.texts, evals.carriers),
        *(evals.repcount.build, evals.charades.build, evals.proactivevideoqa.build),
    ],
    ids=lambda module: module.__name__,
)
def test_no_wording_shares_four_words_in_a_row_with_training(module: object) -> None:
    trained = {four for known in (wordings, asks) for text in texts_of(known) for four in fours(text)}
    assert len(trained) > 30
    shared = {four for text in texts_of(module) for four in fours(text)} & trained
    assert not shared


def test_fours_see_a_shared_frame() -> None:
    assert fours("please say {say} in {n} seconds now") & fours("say {x} in {y} minutes") == {("say", "{}", "in", "{}")}


def test_no_cue_of_the_test_nor_its_like_is_asked_for_in_training() -> None:
    texts = evals.cuespeak.texts
    theirs = {*texts.KNOWN_CUES, *texts.NEW_CUES, *(word for near in texts.NEAR.values() for word in near)}
    assert not theirs & set(vocab.ASKED_CUES)
