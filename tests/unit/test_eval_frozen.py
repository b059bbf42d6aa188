"""What the frozen test sets take from training, pinned: were it changed, nobody could make those sets again."""

import ast
import hashlib
import importlib
import json
from pathlib import Path

import pytest

EVALS = Path(__file__).parents[2] / "evals"
PINNED = {
    "vocab.HELD_OUT_PHRASES": "8c27c70d68db32b0",
    "vocab.HELD_OUT_CUES": "b64f3f6f88678ba1",
    "answers.AFTER": "f6538e30f64d00db",
    "answers.BEFORE": "f9f918fc6918c4e7",
    "answers.OPPOSITE": "7505241df08a4ef1",
    "answers.COLOR": "7452335f80a75c6c",
    "answers.HOW_MANY": "822c185839a271b2",
    "answers.DELEGATED_REPLY": "6cbe2c791ca5f8a4",
}
# A floor of timespeak, a function that splits words, and the voices of the development split, which is not frozen.
FREE = {
    *("vocab.ALL_TENTHS", "vocab.words_of", "kokoro.HOME", "kokoro.Kokoro"),
    *("voices.HELD_OUT_VARIANTS", "voices.HELD_OUT_STYLES", "voices.random_voice", "voices.synthesise"),
}


@pytest.mark.parametrize("name", PINNED)
def test_the_frozen_sets_would_change_with_this(name: str) -> None:
    module, constant = name.split(".")
    value = json.dumps(getattr(importlib.import_module(f"training.{module}"), constant))  # in its order, which is drawn
    found = hashlib.sha256(value.encode()).hexdigest()[:16]
    assert found == PINNED[name], f"the frozen sets would change: give them a copy of training.{name} as it was"


def test_the_sets_take_nothing_else_from_training() -> None:
    taken = {name for file in EVALS.rglob("*.py") for name in taken_by(file.read_text())}
    assert taken == {*PINNED, *FREE}


def taken_by(text: str) -> set[str]:
    """module.NAME of everything of training that a file uses."""
    nodes = list(ast.walk(ast.parse(text)))
    modules: dict[str, str] = {}
    found = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "training":
            modules |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("training."):
            found |= {f"{node.module.removeprefix('training.')}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "training" for alias in node.names):
            found.add("a whole module")
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            found.add(f"{modules[node.value.id]}.{node.attr}")
    return found


def test_what_a_file_takes_is_seen_however_it_is_imported() -> None:
    text = "from training import vocab as v, answers\nfrom training.voices import level\nv.CUES, answers.AFTER"
    assert taken_by(text) == {"vocab.CUES", "answers.AFTER", "voices.level"}
    assert taken_by("import training.vocab") == {"a whole module"}
