"""What a client's microphone heard of late: kept beside the journal for agents to listen to, and no part of it.

Nothing of a session depends on it: what is lost of it is lost, and no client waits for it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_HEAD = struct.Struct(">QB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Micro-turns k … k+turns-1. opus: packets of equal length, each after its size in two bytes, big-endian."""

    k: int
    turns: int
    opus: bytes

    def packed(self) -> bytes:
        return _HEAD.pack(self.k, self.turns) + self.opus

    @classmethod
    def unpacked(cls, data: bytes) -> Heard:
        k, turns = _HEAD.unpack_from(data)
        return cls(k=k, turns=turns, opus=data[_HEAD.size :])
