"""How an evaluation is to be run, whatever the sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evals.harness.refusal import CASCADE_ITEMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """realtime, cascade: how many items of each set; 0 leaves that part out, and the report says so."""

    checkpoint: Path
    voice: Path
    realtime: int = 100
    sessions: int = 8
    cascade: int = CASCADE_ITEMS
    deterministic: bool = False
    dtype: str = "auto"  # of the weights, on the virtual clock and in the cluster alike
    out: Path = Path("out/eval")
    date: str = ""
