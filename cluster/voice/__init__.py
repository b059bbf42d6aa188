"""Speech for the words a model emits: pre-rendered units, joined and aligned by sample. NumPy only, no clock."""

from cluster.voice.state import VoiceState, WordMark
from cluster.voice.units import Unit, Units, is_spoken
from cluster.voice.voice import Voice

__all__ = ["Unit", "Units", "Voice", "VoiceState", "WordMark", "is_spoken"]
