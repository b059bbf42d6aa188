"""The four BIG-Bench-Hard tasks that are also spoken as a set: closed answers, judged by a normaliser."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster.errors import ConfigError
from evals.numbers import say_count

TASKS = {
    "formal_fallacies": ("valid", "invalid"),
    "navigate": ("yes", "no"),
    "web_of_lies": ("yes", "no"),
    "object_counting": (),
}
ASK = {
    "formal_fallacies": "Answer with one word: valid or invalid.",
    "navigate": "Answer with one word: Yes or No.",
    "web_of_lies": "Answer with one word: Yes or No.",
    "object_counting": "Answer with one number.",
}
_WORDS = [say_count(value) for value in range(21)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    task: str
    text: str
    target: str

    @property
    def prompt(self) -> str:
        return f"{self.text}\n{ASK[self.task]}"


def read(folder: Path) -> list[Question]:
    """Raises ConfigError naming the file that is not there."""
    found = []
    for task in TASKS:
        path = folder / f"{task}.json"
        if not path.exists():
            raise ConfigError(str(path), "is not there; --set names the folder with the four tasks as JSON")
        examples = json.loads(path.read_text())["examples"]
        found += [Question(task=task, text=each["input"], target=each["target"]) for each in examples]
    return found


def normalise(task: str, answer: str) -> str:
    """The answer in the task's own words, or "" where it gives none or takes none back.

    The last one counts, after "answer is" if it says so: who reasons aloud names others on the way.
    """
    text = answer.lower()
    if "answer is" in text:
        text = text.rpartition("answer is")[2]
    if TASKS[task]:
        found = [word for word in re.findall(r"[a-z]+", text) if word in TASKS[task]]
        return found[-1] if found else ""
    numbers = re.findall(r"\d+|[a-z]+", text)
    values = [
        str(_WORDS.index(each)) if each in _WORDS else each for each in numbers if each.isdigit() or each in _WORDS
    ]
    return str(int(values[-1])) if values else ""


def right(question: Question, answer: str) -> bool:
    return normalise(question.task, answer) == question.target.lower()


def chance(questions: Sequence[Question]) -> dict[str, float]:
    """What the commonest answer of each task would score: nobody may be proud of less."""
    found = {}
    for task in TASKS:
        targets = Counter(each.target.lower() for each in questions if each.task == task)
        if targets:
            found[task] = round(100 * targets.most_common(1)[0][1] / targets.total(), 2)
    return found
