"""Recorded people: the prompts of `asterisk-core-sounds-en` (one professional speaker) and sentences of
`pocketsphinx-testdata`. Sentences as they are; requests put together from single words, as far as the recordings go.
"""

from __future__ import annotations

import wave
from functools import cache
from pathlib import Path

import av
import numpy as np

from cluster.errors import ConfigError
from evals.engines.base import RATE, Samples, finish
from evals.numbers import say_count
from training.vocab import words_of

HOME = Path("build/evals/recordings")
_PROMPTS = "usr/share/asterisk/sounds/en_US_f_Allison"
_READ = "usr/share/pocketsphinx/test/data/librivox"
# Words cut out of sentences, by the ear of a recogniser and the minima of the level: file, from, to in seconds.
_CUTS = {
    "in": ("demo-abouttotry", 7.42, 7.675),
    "please say": ("priv-recordintro", 0.92, 1.545),
    "say": ("vm-rec-name", 1.08, 1.41),
    "please wait": ("vm-dialout", 0.03, 0.64),
    "wait a moment": ("demo-abouttotry", 12.12, 12.92),
    "when": ("conf-waitforleader", 1.44, 1.6),
    "you": ("you-entered", 0.03, 0.225),
    "hear": ("vm-tohearenv", 1.11, 1.335),
    "after": ("vm-rec-name", 0.25, 0.58),
    "and": ("vm-and", 0.0, -1.0),
}
_WHOLE = {"seconds": "seconds", "hello": "hello", "time": "time", "star": "digits/star", "from": "vm-from"} | {
    "family": "vm-Family",
    "goodbye": "goodbye",
}
_CALLED = "tango golf hotel victor romeo sierra whiskey yankee oscar"
_LONGEST = 3  # words in one entry
_GAP_S = 0.03
READERS = ("0870", "0880", "0890", "0920", "0930")
# Sentences of two to four seconds that ask for nothing the model knows.
PROMPTS = words_of(
    "agent-newlocation agent-pass cannot-complete-as-dialed check-number-dial-again conf-enteringno conf-getchannel "
    "conf-getpin conf-invalidpin conf-kicked conf-leaderhasleft conf-noempty conf-now-recording conf-onlyone "
    "conf-onlyperson conf-placeintoconf confbridge-begin-glorious-a confbridge-dec-list-vol-out confbridge-invalid "
    "confbridge-lock-no-join confbridge-mute-out confbridge-only-participant confbridge-remove-last-in "
    "confbridge-rest-talk-vol-out demo-echodone demo-nomatch dir-firstlast dir-nomatch enter-num-blacklist "
    "feature-not-avail-line invalid please-try-call-later pm-invalid-option priv-callpending privacy-unident "
    "queue-callswaiting speed-dial-empty tt-monkeysintro tt-weasels vm-calldiffnum vm-invalidpassword vm-mailboxfull "
    "vm-msgforwarded vm-newpassword vm-nobodyavail vm-passchanged vm-reenterpassword vm-sorry vm-tmpexists "
    "vm-tempgreetactive vm-whichbox"
)


class People:
    """`say` takes a name of a prompt in square brackets, "[vm-intro]", or words that were all recorded."""

    voices = ("allison", "librivox")
    licence = "asterisk-core-sounds-en: CC-BY-SA-3.0, recorded by Allison Smith; pocketsphinx-testdata: BSD-2"
    speeds = (1.0,)

    def say(self, text: str, voice: str, speed: float) -> Samples:
        """Raises ConfigError naming what is missing."""
        if voice == "librivox":
            return finish(_read_sentence(text.strip("[]")), "human:librivox")
        if text.startswith("["):
            return finish(_prompt(text.strip("[]")), "human:allison")
        parts, gap = [], np.zeros(round(_GAP_S * RATE), np.float32)
        for entry in _split(text.split()):
            parts += [_word(entry), gap]
        return finish(np.concatenate(parts[:-1]), "human:allison")


def _split(words: list[str]) -> list[str]:
    """The fewest entries that spell the words, the longest first. Raises ConfigError naming the word."""
    found = []
    while words:
        for length in range(min(_LONGEST, len(words)), 0, -1):
            entry = " ".join(words[:length])
            if entry in lexicon():
                found.append(entry)
                words = words[length:]
                break
        else:
            raise ConfigError("human:allison", f"{words[0]!r} was never recorded")
    return found


@cache
def lexicon() -> dict[str, tuple[str, float, float]]:
    """Words to the file and the stretch of it that says them; to -1 is to its end."""
    digits = {say_count(value): (f"digits/{value}", 0.0, -1.0) for value in (*range(21), *range(30, 100, 10))}
    called = {word: (f"phonetic/{word[0]}_p", 0.0, -1.0) for word in _CALLED.split()}
    return digits | called | {word: (file, 0.0, -1.0) for word, file in _WHOLE.items()} | _CUTS


def _word(entry: str) -> Samples:
    file, start, end = lexicon()[entry]
    samples = _prompt(file)
    if end < 0:
        return finish(samples, "human:allison")
    cut = samples[round(start * RATE) : round(end * RATE)].copy()
    edge = round(0.006 * RATE)
    cut[:edge] *= np.linspace(0, 1, edge, dtype=np.float32)
    cut[-edge:] *= np.linspace(1, 0, edge, dtype=np.float32)
    return finish(cut, "human:allison")


def _prompt(name: str) -> Samples:
    path = HOME / _PROMPTS / f"{name}.g722"
    if not path.exists():
        raise ConfigError("human:allison", f"{path} is not there; `make eval-tools` brings the recordings")
    with av.open(str(path), format="g722") as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    return np.concatenate(frames).astype(np.float32) / 32768


def _read_sentence(number: str) -> Samples:
    path = HOME / _READ / f"sense_and_sensibility_01_austen_64kb-{number}.wav"
    if not path.exists():
        raise ConfigError("human:librivox", f"{path} is not there; `make eval-tools` brings the recordings")
    with wave.open(str(path)) as wav:
        return np.frombuffer(wav.readframes(wav.getnframes()), "<i2").astype(np.float32) / 32768
