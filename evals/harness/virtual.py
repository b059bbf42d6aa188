"""What is run on the virtual clock: every item, each answer kept as it comes, and the delays of a real-time run again.

What is kept is found by what decides it: the set, the weights with their dtype, the sources of all that lies between a
script and a word. A second run goes on where a first one ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evals import kept
from evals.decides import digest, sounds
from evals.harness.lockstep import Listened, listen
from evals.harness.model import Model
from evals.harness.scripts import Scripted
from evals.harness.sets import EvalSet
from evals.harness.sounding import Sounding
from evals.harness.stages import Tell
from evals.harness.trace import ItemTrace, Trace
from evals.items import Emitted, Said


def lockstep(
    model: Model, voice: Path, eval_set: EvalSet, scripts: Sequence[Scripted], stage: str, tell: Tell
) -> list[Listened]:
    """In the order given. stage: what `tell` is told of."""
    name = f"{eval_set.name}-{eval_set.sha256[:16]}-{model.sha256[:16]}-{decides(model, voice)[:16]}.jsonl"
    known = kept.Kept(kept.HOME / name)
    left = [script for script in scripts if script.id not in known.rows]

    def ended(listened: Listened) -> None:
        known.add(asdict(listened))
        tell(stage, sum(script.id in known.rows for script in scripts), len(scripts))

    tell(stage, len(scripts) - len(left), len(scripts))
    heard = {each.id: each for each in listen(model, left, ended=ended)}
    return [heard.get(script.id) or _of(known.rows[script.id]) for script in scripts]


def replay(
    model: Model,
    traces: Sequence[ItemTrace],
    scripts: Sequence[Scripted],
    undisturbed: Mapping[str, Listened],
    stage: str,
    tell: Tell,
) -> list[Listened]:
    """The traced items with the delays they had. undisturbed: what each was heard to say without; where it had none,
    that is what it is again.
    """
    left = [each.id for each in traces if each.disturbed]
    done = list[str]()

    def ended(listened: Listened) -> None:
        done.append(listened.id)
        tell(stage, len(done), len(left))

    tell(stage, 0, len(left))
    again = listen(model, [each for each in scripts if each.id in left], Trace(traces), ended)
    heard = {**undisturbed, **{each.id: each for each in again}}
    return [heard[each.id] for each in traces]


def decides(model: Model, voice: Path) -> str:
    """Of everything but the item and the weights. Batches are a part of it: without fixed tiles who is beside whom
    decides the last bits.
    """
    checkpoint = [model.checkpoint / "config.json", model.checkpoint / "tokenizer.json"]
    facts = {**asdict(model.engine.versions), "together": model.sessions}
    return digest("evals.harness.lockstep", [*checkpoint, *sounds(voice)], facts)


def _of(row: dict[str, Any]) -> Listened:
    return Listened(
        id=row["id"],
        said=tuple(_said(each) for each in row["said"]),
        sound=Sounding(**{**row["sound"], "lags_ms": tuple(row["sound"]["lags_ms"])}),
        outputs={int(k): tuple(words) for k, words in row["outputs"].items()},
    )


def _said(row: dict[str, Any]) -> Said:
    return Said(**{**row, "emitted": Emitted(**row["emitted"]) if row["emitted"] else None})
