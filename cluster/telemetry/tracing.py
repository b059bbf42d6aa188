"""Traces of single micro-turns: names that everybody who knows session and k reckons alike, without asking anybody.

Ingest, scheduler and engine know both, so no byte is carried for it. An expert shard knows neither: the calls of a
traced step carry a `context`.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

ROOT = "micro-turn"
ENGINE = "engine"
CONTEXT_BYTES = 24


def trace_id(session: str, k: int) -> int:
    """128 bits that whoever knows session and k can reckon, so that logs and scores need no further field."""
    return int.from_bytes(sha256(f"{session}/{k}".encode()).digest()[:16])


def span_id(trace: int, name: str) -> int:
    """64 bits of the span of that name, of which a trace has one."""
    return int.from_bytes(sha256(trace.to_bytes(16) + name.encode()).digest()[:8])


@dataclass(frozen=True, slots=True)
class Sampler:
    """Takes a share of all micro-turns by the name of their traces: one is traced by everybody or by nobody."""

    share: float

    def takes(self, session: str, k: int) -> bool:
        return trace_id(session, k) < self.share * 2**128


def context_of(session: str, k: int, name: str) -> bytes:
    """The span of that name, for who cannot reckon it: 16 bytes of the trace and 8 of the span, as W3C orders them."""
    trace = trace_id(session, k)
    return trace.to_bytes(16) + span_id(trace, name).to_bytes(8)


class Traces(Protocol):
    """What one actor tells of the micro-turns it saw. Times are of the monotonic clock."""

    def takes(self, session: str, k: int) -> bool:
        """Whether this one is traced: to be asked before anything is reckoned for it."""

    def span(
        self, session: str, k: int, name: str, began_ns: int, ended_ns: int, /, *, under: str = ROOT, **about: object
    ) -> None:
        """Something this actor did for the micro-turn; `under` is the span it was a part of."""

    def within(self, context: bytes, name: str, began_ns: int, ended_ns: int, /, **about: object) -> None:
        """Something done for whoever gave the context. Ignored where that is no context."""

    def close(self) -> None:
        """Send what is left."""
