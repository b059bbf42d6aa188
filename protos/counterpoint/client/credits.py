"""Flow control of the media wire: milliseconds per track and bytes per stream in flight. Pure."""

from __future__ import annotations

from counterpoint.v1.interaction_pb2 import Limits, Track


class Credits:
    """What may still be sent. A fresh stream starts with the whole window of its grant."""

    def __init__(self, limits: Limits) -> None:
        self._window_ms, self._window_bytes = limits.credit_ms, limits.credit_bytes
        self._ms: dict[Track, int] = {}
        self._bytes = limits.credit_bytes

    def available_ms(self, track: Track) -> int:
        return self._ms.get(track, self._window_ms)

    @property
    def available_bytes(self) -> int:
        return self._bytes

    def take(self, track: Track, ms: int, size: int) -> bool:
        """Spend, or leave all as it is and return False. A piece larger than the whole window can never be sent."""
        if ms > self.available_ms(track) or size > self._bytes:
            return False
        self._ms[track] = self.available_ms(track) - ms
        self._bytes -= size
        return True

    def give(self, track: Track, ms: int, size: int) -> None:
        """The server returns credit; never beyond the window, whatever it says."""
        self._ms[track] = min(self._window_ms, self.available_ms(track) + ms)
        self._bytes = min(self._window_bytes, self._bytes + size)
