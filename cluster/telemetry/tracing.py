"""The way of one micro-turn, as a trace tells it, and the name that everybody gives that trace."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Nanoseconds in each stage, in the order they were passed. expert_ns: of engine_ns, waited for experts."""

    ingest_ns: int
    queue_ns: int
    engine_ns: int
    expert_ns: int
    voice_ns: int
    egress_ns: int


class Traces(Protocol):
    def left(self, session: str, k: int, way: Way, *, timing: str, tick: int) -> None:
        """A micro-turn has left just now."""

    def close(self) -> None:
        """Send what is left."""


def trace_id(session: str, k: int) -> int:
    """128 bits that whoever knows session and k can reckon, so that logs and scores need no further field."""
    return int.from_bytes(sha256(f"{session}/{k}".encode()).digest()[:16])
