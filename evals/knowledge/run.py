"""`counterpoint eval ifeval` and `bbh`: text benchmarks through a background agent, and through the model itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.harness.intervals import bootstrap, bootstrap_mean
from evals.knowledge import bbh, ifeval
from evals.knowledge.agents import ByText, agent

NAMES = ("ifeval", "bbh")
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """agent: as `agents.agent` takes it, "" for none. items: about so many, evenly spread; 0: all."""

    name: str
    folder: Path
    checkpoint: Path
    voice: Path
    agent: str = ""
    agent_model: str = ""
    api_key: str = ""
    items: int = 0
    out: Path = Path("out/eval")


def evaluate(wanted: Wanted, tell: Tell) -> dict[str, Any]:
    """Writes NAME.json and NAME.answers.jsonl. Raises ConfigError."""
    kind = _Ifeval() if wanted.name == "ifeval" else _Bbh()
    rows = _some(kind.read(wanted.folder), wanted.items)
    wanted.out.mkdir(parents=True, exist_ok=True)
    model = ByText(wanted.checkpoint, wanted.voice)
    answers = {"agent_off": model.answer([row.prompt for row in rows])}
    tell("the model by text", len(rows), len(rows))
    who = None
    if wanted.agent:
        with agent(wanted.agent, model=wanted.agent_model, api_key=wanted.api_key) as (who, ask):
            answers["agent_on"] = []
            for index, row in enumerate(rows):
                answers["agent_on"].append(ask(row.prompt))
                tell("the agent", index + 1, len(rows))
    found = {mode: kind.score(rows, given) for mode, given in answers.items()}
    report = {
        "name": wanted.name,
        "set": {"sha256": _sha256(wanted.folder, kind.files), "items": len(rows)},
        "agent": who,
        "agent_on": found.get("agent_on"),
        "agent_off": found["agent_off"],
        "versions": {"checkpoint": model.name},
        **kind.more(rows),
        "missing": [] if wanted.agent else ["the agent: --agent small, or the URL of an OpenAI-compatible endpoint"],
        "refused": [],
    }
    (wanted.out / f"{wanted.name}.json").write_text(json.dumps(report, indent=2) + "\n")
    with (wanted.out / f"{wanted.name}.answers.jsonl").open("w") as file:
        for index, row in enumerate(rows):
            given = {mode: each[index] for mode, each in answers.items()}
            file.write(json.dumps({"prompt": row.prompt, **given}) + "\n")
    return report


class _Ifeval:
    files = (ifeval.FILE,)

    def read(self, folder: Path) -> list[Any]:
        return list(ifeval.read(folder))

    def score(self, rows: Sequence[ifeval.Prompt], answers: Sequence[str]) -> dict[str, Any]:
        followed = [ifeval.verify(row, answer) for row, answer in zip(rows, answers, strict=True)]
        found = {name: round(value, 2) for name, value in ifeval.accuracies(followed).items()}
        interval = bootstrap(followed, lambda drawn: ifeval.accuracies(drawn)["score"])
        return {**found, "ci95": interval}

    def more(self, rows: Sequence[ifeval.Prompt]) -> dict[str, Any]:
        return {"instructions": sum(len(row.instructions) for row in rows)}


class _Bbh:
    files = tuple(f"{task}.json" for task in bbh.TASKS)

    def read(self, folder: Path) -> list[Any]:
        return list(bbh.read(folder))

    def score(self, rows: Sequence[bbh.Question], answers: Sequence[str]) -> dict[str, Any]:
        hits = [100.0 * bbh.right(row, answer) for row, answer in zip(rows, answers, strict=True)]
        tasks = {
            task: round(sum(own) / len(own), 2)
            for task in bbh.TASKS
            if (own := [hit for row, hit in zip(rows, hits, strict=True) if row.task == task])
        }
        return {"score": round(sum(hits) / max(1, len(hits)), 2), "ci95": bootstrap_mean(hits), "tasks": tasks}

    def more(self, rows: Sequence[bbh.Question]) -> dict[str, Any]:
        return {"commonest_answer": bbh.chance(rows)}


def _some(rows: list[Any], items: int) -> list[Any]:
    if not items or items >= len(rows):
        return rows
    return [rows[int(len(rows) * (index + 0.5) / items)] for index in range(items)]


def _sha256(folder: Path, files: Sequence[str]) -> str:
    """Of the questions, whatever lies beside them."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()
