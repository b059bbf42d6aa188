"""What stands beside the model in every report: who knows the labels or nothing at all, who hears or sees and does not
understand, and the cascade.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cluster.errors import ConfigError
from evals import kept
from evals.cascade import kept as cascade
from evals.cascade.pipeline import FACTS, Answered
from evals.decides import digest
from evals.harness.controls import controls
from evals.harness.names import Named, Policy
from evals.harness.refusal import CASCADE
from evals.harness.scoring import Scored, sample, score
from evals.harness.sets import EvalSet
from evals.harness.stages import Tell
from evals.items import Item, Said
from evals.media import load

SEED = 20_261_127


@dataclass(slots=True, kw_only=True)
class Beside:
    """cascade: of what it was made and how long its parts took. missing: what was not measured, and how to get it."""

    controls: dict[str, Scored]
    floors: dict[str, Scored]
    baselines: dict[str, Scored]
    cascade: dict[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def beside(name: Named, eval_set: EvalSet, voice: Path, cascade_items: int, tell: Tell) -> Beside:
    items = eval_set.items
    sighted = _sighted(name, eval_set, tell)
    found = Beside(
        controls=_scored(name, items, controls(name, items)),
        floors=_scored(name, items, name.floors(items, SEED)),
        baselines={each: score(name, items, said) for each, said in sighted.items()},
    )
    try:
        if not cascade_items:
            raise ConfigError("--cascade", "60 items are needed")
        chosen = sample(items, cascade_items)
        stage = f"{name.name}: cascade"
        answered = cascade.answers(
            chosen, eval_set.folder, eval_set.sha256, voice, lambda done, of: tell(stage, done, of)
        )
    except ConfigError as error:
        found.missing.append(f"the cascade: {error}")
        return found
    found.controls[CASCADE] = score(name, chosen, {each.id: each.said for each in answered})
    silent = sum(not item.audio for item in chosen)  # it hears nothing of them
    found.cascade = {
        **FACTS,
        "score": found.controls[CASCADE].as_json(),
        "without_sound": silent,
        **_seconds(answered),
    }
    return found


def _scored(name: Named, items: Sequence[Item], policies: Mapping[str, Policy]) -> dict[str, Scored]:
    return {each: score(name, items, {item.id: policy(item) for item in items}) for each, policy in policies.items()}


def _sighted(name: Named, eval_set: EvalSet, tell: Tell) -> dict[str, dict[str, list[Said]]]:
    """What each sighted baseline says to each item, whose media are decoded once for all of them; kept, for decoding a
    set takes a minute.
    """
    decides = digest(f"evals.{name.name}.baselines", facts={"seed": SEED})
    known = kept.Kept(kept.HOME / f"baselines-{name.name}-{eval_set.sha256[:16]}-{decides[:16]}.jsonl")
    policies = name.baselines(SEED)
    for done, item in enumerate(eval_set.items, 1):
        if item.id not in known.rows:
            media = load(eval_set.folder, item)
            said = {each: [asdict(one) for one in policy(item, media)] for each, policy in policies.items()}
            known.add({"id": item.id, "said": said})
        tell(f"{name.name}: sighted baselines", done, len(eval_set.items))
    return {
        each: {item.id: [Said(**said) for said in known.rows[item.id]["said"][each]] for item in eval_set.items}
        for each in policies
    }


def _seconds(answered: Sequence[Answered]) -> dict[str, Any]:
    turns = [turn for each in answered for turn in each.turns]
    middle: dict[str, Any] = {}
    for stage in ("asr_s", "llm_s"):
        values = sorted(float(turn[stage]) for turn in turns)  # type: ignore[arg-type]  # a number of seconds
        middle[f"{stage}_median"] = round(values[len(values) // 2], 3) if values else None
    return {"turns": len(turns), **middle}
