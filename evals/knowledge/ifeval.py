"""IFEval: 541 prompts whose instructions a rule can verify, by the published verifiers (if-verifiable, Apache-2.0).

Four accuracies, {prompt, instruction} x {strict, loose}; the score is their mean, as the spoken variants of the set
report it. An empty answer follows nothing, also where it uses no comma.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from cluster.errors import ConfigError

FILE = "input_data.jsonl"
_HOW = "`make setup` brings it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    key: int
    prompt: str
    instructions: tuple[str, ...]
    kwargs: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """strict, loose: for each instruction of one prompt."""

    strict: tuple[bool, ...]
    loose: tuple[bool, ...]


def read(folder: Path) -> list[Prompt]:
    """Raises ConfigError where the prompts are not there."""
    path = folder / FILE
    if not path.exists():
        raise ConfigError(str(path), "no prompts there; --set names the folder with IFEval's input_data.jsonl")
    rows = (json.loads(line) for line in path.read_text().splitlines())
    return [
        Prompt(
            key=row["key"],
            prompt=row["prompt"],
            instructions=tuple(row["instruction_id_list"]),
            kwargs=tuple(row["kwargs"]),
        )
        for row in rows
    ]


def verify(prompt: Prompt, answer: str) -> Followed:
    """Raises ConfigError where the verifiers are not installed or do not know an instruction."""
    registry, variants = _verifiers()
    strict, loose = [], []
    for name, kwargs in zip(prompt.instructions, prompt.kwargs, strict=True):
        if name not in registry:
            raise ConfigError("ifeval", f"no verifier for the instruction {name}")
        checker = registry[name](name)
        checker.build_description(**{key: value for key, value in kwargs.items() if value is not None})
        arguments = checker.get_instruction_args()
        if arguments and "prompt" in arguments:
            checker.build_description(prompt=prompt.prompt)
        follows = checker.check_following
        strict.append(bool(answer.strip() and follows(answer)))
        loose.append(any(variant.strip() and follows(variant) for variant in variants(answer)))
    return Followed(strict=tuple(strict), loose=tuple(loose))


def accuracies(followed: Sequence[Followed]) -> dict[str, float]:
    """0 to 100; `score` is the mean of the four."""
    found = {}
    for mode in ("strict", "loose"):
        each = [getattr(one, mode) for one in followed]
        flat = [passed for one in each for passed in one]
        found[f"prompt_{mode}"] = 100 * sum(map(all, each)) / max(1, len(each))
        found[f"instruction_{mode}"] = 100 * sum(flat) / max(1, len(flat))
    return {"score": sum(found.values()) / 4, **found}


@cache
def _verifiers() -> tuple[Mapping[str, Any], Any]:
    """The registry and the eight variants of loose scoring, without the package's own loader of data sets."""
    found = importlib.util.find_spec("if_verifiable")
    if found is None:
        raise ConfigError("if-verifiable", f"is not installed; {_HOW}")
    package = ModuleType("if_verifiable")
    package.__path__ = list(found.submodule_search_locations or ())
    sys.modules["if_verifiable"] = package
    from if_verifiable.common import get_loose_transformations
    from if_verifiable.ifeval import INSTRUCTION_DICT, instructions_util
    from langdetect import DetectorFactory
    from nltk.tokenize import NLTKWordTokenizer, PunktSentenceTokenizer

    DetectorFactory.seed = 0  # it draws samples
    # Sentences by punkt without its trained abbreviations, which only a download would bring.
    sentences = PunktSentenceTokenizer()
    instructions_util._get_sentence_tokenizer = lambda: sentences
    instructions_util.nltk.word_tokenize = lambda text: [
        word for sentence in sentences.tokenize(text) for word in NLTKWordTokenizer().tokenize(sentence)
    ]
    return INSTRUCTION_DICT, get_loose_transformations
