"""Typed text to token ids, and back to words. The vocabulary is the checkpoint's own."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from tokenizers import Tokenizer

from cluster.errors import ConfigError, InvalidInput
from cluster.media.spec import MAX_TEXT_CHARS, MediaSpec

UNKNOWN = "<unk>"  # stands for every word outside the vocabulary
_ALLOWED_CONTROLS = frozenset("\n\t")
_PUNCTUATION = str.maketrans(dict.fromkeys('.,;:!?"()', " "))


def check_text(text: str, field: str) -> None:
    """Raises InvalidInput naming `field`."""
    if len(text) > MAX_TEXT_CHARS:
        raise InvalidInput(field, f"{len(text)} characters exceed {MAX_TEXT_CHARS}; send it in parts")
    for at, character in enumerate(text):
        if unicodedata.category(character) == "Cc" and character not in _ALLOWED_CONTROLS:
            raise InvalidInput(
                field, f"control character U+{ord(character):04X} at {at}; only newline and tab may stand"
            )


class Vocabulary:
    """`tokenizer.json` of a checkpoint: lower-case words and control tokens in angle brackets."""

    def __init__(self, tokenizer_json: Path) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer_json))
        except Exception as error:  # the library raises plain Exception
            raise ConfigError("engine.checkpoint", f"{tokenizer_json} is not a tokenizer: {error}") from error
        self._ids = self._tokenizer.get_vocab()
        self._words = {token: word for word, token in self._ids.items()}

    def encode(self, text: str, field: str) -> tuple[int, ...]:
        """One token a word; words the checkpoint lacks become `<unk>`, see `unknown`.

        Raises InvalidInput where the text is not allowed, or lacks a word and the checkpoint has no `<unk>` either.
        """
        check_text(text, field)
        words = text.casefold().translate(_PUNCTUATION)
        if control := sum(word.startswith("<") for word in words.split()):
            raise InvalidInput(field, f"{control} of its words begin with < as control tokens do; leave them out")
        try:
            return tuple(self._tokenizer.encode(words).ids)
        except Exception as error:  # a word-level model without an unknown token raises plain Exception
            raise InvalidInput(field, "holds words this checkpoint does not know; leave them out") from error

    def unknown(self, tokens: tuple[int, ...]) -> int:
        """How many of them stand for a word the checkpoint lacks."""
        return tokens.count(self._ids.get(UNKNOWN, -1))

    def words(self, tokens: tuple[int, ...]) -> tuple[str, ...]:
        """Control tokens stay in angle brackets. Raises KeyError for an id outside the vocabulary."""
        return tuple(self._words[token] for token in tokens)

    def spoken(self) -> tuple[str, ...]:
        """Every word the checkpoint may say."""
        return tuple(sorted(word for word in self._ids if not word.startswith("<")))


def encode_prefix(instructions: str, vocabulary: Vocabulary, spec: MediaSpec, field: str) -> tuple[int, ...]:
    """Instructions as tokens. Raises InvalidInput naming `field` where the checkpoint cannot take them."""
    prefix = vocabulary.encode(instructions, field) if instructions else ()
    if len(prefix) > spec.prefix_max:
        raise InvalidInput(field, f"{len(prefix)} tokens exceed window.prefix_max {spec.prefix_max}; shorten it")
    return prefix
