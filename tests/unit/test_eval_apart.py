"""What keeps evaluation apart from training: engines, phrases, and wordings."""

import ast
import re
from pathlib import Path

import pytest

import evals.carriers
import evals.charades.build
import evals.cuespeak.texts
import evals.cuespeak.texts_dev
import evals.dialogue.texts
import evals.dialogue.texts_dev
import evals.proactivevideoqa.build
import evals.repcount.build
import evals.timespeak.texts
import evals.timespeak.texts_dev
from evals.engines.voices import PEOPLE_NEARBY, TEST_VOICES
from training import free_questions, free_wordings, vocab, wordings
from training.sights import asks

ROOT = Path(__file__).parents[2]
TRAINING = sorted(path for path in (ROOT / "training").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
ENGINES = ("flite", "festival", "hts", "text2wave", "piper", "asterisk", "pocketsphinx", "allison", "librivox")
WORDINGS = (wordings, free_wordings, free_questions, asks)
NAMED = re.compile(rf"\b({'|'.join(ENGINES)})|\bevals(\.|/engines)")


def reached(text: str, python: bool) -> list[str]:
    """What a file of training would reach of the evaluation: imports of any kind, and engines by their names."""
    found = [match.group() for match in NAMED.finditer(text.lower())]
    for node in ast.walk(ast.parse(text)) if python else ():
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [name for name in names if name.split(".")[0] == "evals"]
    return found


@pytest.mark.parametrize("file", TRAINING, ids=lambda file: str(file.relative_to(ROOT / "training")))
def test_training_neither_imports_nor_names_the_engines_of_the_test(file: Path) -> None:
    assert not reached(file.read_text(), file.suffix == ".py")


def test_code_settings_and_scripts_are_all_looked_at() -> None:
    assert {file.suffix for file in TRAINING} >= {".py", ".mjs", ".toml"}
    assert {voice.split(":")[0] for voice in TEST_VOICES} <= set(ENGINES)
    assert {voice.split(":")[1] for voice in PEOPLE_NEARBY} <= set(ENGINES)


@pytest.mark.parametrize(
    "text",
    [
        "import evals",
        "import evals.items as items",
        "from evals import vad",
        "from evals.engines.flite import Flite",
        "def late():\n    import os, evals.engines.piper",
        "importlib.import_module('evals.engines.voices')",
        "subprocess.run(['Flite', '-t', text])",
    ],
)
def test_every_way_to_an_engine_of_the_test_is_seen(text: str) -> None:
    assert reached(text, python=True)
    assert not reached("import evaluate\nlights = 'see evals/ASKS.md'", python=True)


def test_an_engine_is_seen_in_settings_too() -> None:
    assert reached('voices = ["piper:joe"]', python=False) == ["piper"]


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
        *(evals.timespeak.texts_dev, evals.cuespeak.texts_dev, evals.dialogue.texts_dev),
        *(evals.repcount.build, evals.charades.build, evals.proactivevideoqa.build),
    ],
    ids=lambda module: module.__name__,
)
def test_no_wording_shares_four_words_in_a_row_with_training(module: object) -> None:
    trained = {four for known in WORDINGS for text in texts_of(known) for four in fours(text)}
    assert len(trained) > 30
    asked = texts_of(module)
    asked |= {text.replace("{cue}", sound) for text in asked for sound in wordings.SOUNDS}
    shared = {four for text in asked for four in fours(text)} & trained
    assert not shared


@pytest.mark.parametrize(
    ("test", "dev"),
    [
        (evals.timespeak.texts, evals.timespeak.texts_dev),
        (evals.cuespeak.texts, evals.cuespeak.texts_dev),
        (evals.dialogue.texts, evals.dialogue.texts_dev),
    ],
    ids=["timespeak", "cuespeak", "dialogue"],
)
def test_the_dev_split_shares_no_four_words_in_a_row_with_the_test(test: object, dev: object) -> None:
    assert not {four for text in texts_of(test) for four in fours(text)} & {
        four for text in texts_of(dev) for four in fours(text)
    }


def test_fours_see_a_shared_frame() -> None:
    assert fours("please say {say} in {n} seconds now") & fours("say {x} in {y} minutes") == {("say", "{}", "in", "{}")}


def test_no_cue_of_the_test_nor_its_like_is_asked_for_in_training() -> None:
    texts = evals.cuespeak.texts
    dev = evals.cuespeak.texts_dev
    new = {*texts.NEW_CUES, *dev.NEW_CUES}
    assert {*texts.KNOWN_CUES, *new} == {*texts.NEAR, *dev.NEAR}  # each has words that sound nearly like it
    theirs = {*texts.KNOWN_CUES, *new, *(word for near in (*texts.NEAR.values(), *dev.NEAR.values()) for word in near)}
    assert not theirs & set(vocab.ASKED_CUES)
