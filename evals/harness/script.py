"""What a client sends for an item, micro-turn by micro-turn: the same for every way of running it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cluster.errors import ConfigError
from cluster.types import MICRO_TURN_MS
from counterpoint.talk.wav import Sound, UnreadableSound, read_wav
from evals.harness.pictures import Picture, pictures
from evals.items import Item

SILENT_HZ = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    at_ms: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """sound: of whole micro-turns; an item without sound is silent, for an audio track is the clock of a session."""

    id: str
    sound: Sound
    pictures: tuple[Picture, ...] = ()
    typed: tuple[Typed, ...] = field(default=())

    @property
    def turns(self) -> int:
        return round(self.sound.seconds * 1000) // MICRO_TURN_MS

    @property
    def size(self) -> int:
        """Bytes, about."""
        return len(self.sound.pcm) + sum(len(picture.square) for picture in self.pictures)

    def open(self) -> Script:
        """It is open already (`evals.harness.scripts`)."""
        return self

    def pcm(self, k: int) -> bytes:
        """Of micro-turn k."""
        size = 2 * self.sound.channels * self.sound.sample_rate_hz * MICRO_TURN_MS // 1000
        return self.sound.pcm[k * size : (k + 1) * size]

    def typed_in(self, k: int) -> Iterator[Typed]:
        return (typed for typed in self.typed if typed.at_ms // MICRO_TURN_MS == k)

    def pictures_in(self, k: int) -> Iterator[Picture]:
        return (picture for picture in self.pictures if picture.at_ms // MICRO_TURN_MS == k)


def turns_of(item: Item) -> int:
    """Micro-turns until the item is over; the last one is filled with silence."""
    return -(-round(item.duration_s * 1000) // MICRO_TURN_MS)


def script_of(item: Item, folder: Path, *, side: int = 0) -> Script:
    """side: pixels of the square pictures a checkpoint takes; 0: it takes none, and an item's video is not sent.

    Raises ConfigError naming the item and the file that cannot be read.
    """
    try:
        sound = read_wav(folder / item.audio) if item.audio else Sound(pcm=b"", sample_rate_hz=SILENT_HZ)
        shown = tuple(pictures(item, folder, side=side)) if item.video and side else ()
    except (UnreadableSound, OSError) as error:
        raise ConfigError(f"item {item.id}", str(error)) from None
    typed = [Typed(at_ms=0, text=item.text)] if item.text else []
    typed += [Typed(at_ms=round(e.t_s * 1000), text=e.text) for e in item.events if e.kind == "text" and e.text]
    lasting = sound.lasting(turns_of(item) * MICRO_TURN_MS / 1000)
    return Script(id=item.id, sound=lasting, pictures=shown, typed=tuple(typed))
