"""What was said, as phrases: words that follow each other closely belong together. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from counterpoint.client import Said

PAUSE_MS = 1_000  # between the beginnings of two words of one phrase


@dataclass(slots=True, kw_only=True)
class Phrase:
    """starts_ms: when its first word begins to sound on the media clock."""

    text: str
    starts_ms: int
    last_ms: int


class Transcript:
    def __init__(self) -> None:
        self.phrases: list[Phrase] = []
        self._open = False

    def say(self, said: Said) -> Phrase:
        """Add a word; returns the phrase it belongs to."""
        if self._open and said.media_ms - self.phrases[-1].last_ms <= PAUSE_MS:
            phrase = self.phrases[-1]
            phrase.text, phrase.last_ms = f"{phrase.text} {said.text.strip()}", said.media_ms
        else:
            phrase = Phrase(text=said.text.strip(), starts_ms=said.media_ms, last_ms=said.media_ms)
            self.phrases.append(phrase)
        self._open = True
        return phrase

    def end(self) -> None:
        """The voice fell silent: the next word begins a phrase."""
        self._open = False
