"""The voice of a cluster: loaded when first needed, shared by every session of the process."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cluster.voice.state import VoiceState
from cluster.voice.units import Units, load_units

MAX_PENDING_S = 4  # a phrase of four words and one more behind it


class Voice:
    """units_dir: a folder made by `training.voice_units`."""

    def __init__(self, units_dir: Path) -> None:
        self._units_dir = units_dir.resolve()

    @property
    def units(self) -> Units:
        """Raises ConfigError where the folder cannot be read."""
        return load_units(self._units_dir)

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return self.units.sample_rate

    def require(self, vocabulary: Iterable[str]) -> None:
        """Call at start-up with the vocabulary of the checkpoint. Raises ConfigError listing those without a unit."""
        self.units.require(vocabulary)

    def session(self) -> VoiceState:
        return VoiceState(self.units, limit=MAX_PENDING_S * self.sample_rate)
