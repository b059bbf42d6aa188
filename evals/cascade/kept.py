"""A cascade's answers to a set are computed once: kept by the hash of the set and of what made them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cluster.voice.voice import Voice
from evals.cascade import pipeline
from evals.cascade.pipeline import Answered
from evals.decides import digest, sounds
from evals.items import Item, Said
from evals.kept import HOME, Kept


def answers(
    items: Sequence[Item],
    folder: Path,
    set_sha256: str,
    voice: Path,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Answered]:
    """An item without sound is answered by silence: it has ears only.

    Raises ConfigError where the cascade is not installed and its answers are not kept.
    """
    kept = Kept(HOME / f"cascade-{set_sha256[:16]}-{_decides(voice)[:16]}.jsonl")
    missing = [item for item in items if item.audio and item.id not in kept.rows]
    progress(len(items) - len(missing), len(items))
    if missing:
        for done, fresh in enumerate(pipeline.run(missing, folder, Voice(voice)), len(items) - len(missing) + 1):
            kept.add(asdict(fresh))
            progress(done, len(items))
    return [_of(kept.rows[item.id]) if item.audio else Answered(id=item.id, said=()) for item in items]


def _decides(voice: Path) -> str:
    """What runs in processes of their own is imported by none of ours: all of this folder that is no module of it."""
    others = [each for each in Path(__file__).parent.glob("*.*") if each.suffix != ".py" or each == pipeline.WORKER]
    return digest("evals.cascade.pipeline", [*others, *sounds(voice)])


def _of(row: dict[str, Any]) -> Answered:
    return Answered(id=row["id"], said=tuple(Said(**each) for each in row["said"]), turns=tuple(row["turns"]))
