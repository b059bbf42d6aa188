"""What one tick of a session adds to its journal: input k, the decisions, and the output of k-1 (DESIGN.md Durability).

The records since the newest anchor's `tail_from_k` rebuild the session; older ones are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

from cluster.session.codec import Codec
from cluster.session.commands import Result
from cluster.session.context import Anchor
from cluster.session.inbox import Gap
from cluster.session.terms import Terms
from cluster.types import MicroTurn


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The client stopped playback here: what of an output was really heard."""

    k: int
    sample: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """Micro-turn k was inserted, or is two that were merged, because the client's clock is off."""

    k: int
    inserted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A control that takes effect in this tick."""

    control_id: str
    seq: int
    kind: str
    prefix: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    n: int
    turns: tuple[MicroTurn, ...] = ()  # entered this tick
    results: tuple[Result, ...] = ()  # since the record before
    anchor: Anchor | None = None  # went live this tick, before `turns`
    gaps: tuple[Gap, ...] = ()
    stretch_ppm: tuple[int, ...] = ()  # of each of `turns`; empty where no media was stretched
    slips: tuple[Slip, ...] = ()  # among `turns`
    cuts: tuple[Cut, ...] = ()
    controls: tuple[Applied, ...] = ()
    through_seq: int = 0
    audio_samples: int = 0


RECORDS: Codec[Record] = Codec(Record)
TERMS: Codec[Terms] = Codec(Terms, whole=True)
